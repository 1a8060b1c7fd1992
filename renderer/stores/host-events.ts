/** What the host asks of the page: files opened from outside, menu items. */
import { call } from '#renderer/client/client.ts';
import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import { useNotices } from '#renderer/stores/notices.ts';
import type { AppEvent, MenuAction } from '#shared/commands/file.ts';

/** Listens until the page goes away. */
export async function watchHost(): Promise<void> {
  try {
    await call('app.watch', {}, { onProgress: (event) => void obey(event) });
  } catch (error) {
    useNotices().fail('The menus and files opened from outside no longer reach this window', error);
  }
}

async function obey(event: AppEvent): Promise<void> {
  if (event.kind === 'menu') return perform(event.action);
  useNavigation().go('browse');
  await useCheckpoints().openFiles(event.files);
}

/** Does what a menu item, a shortcut or the palette names. */
export async function perform(action: MenuAction): Promise<void> {
  const checkpoints = useCheckpoints();
  const navigation = useNavigation();
  switch (action) {
    case 'open-files':
    case 'open-folder': {
      const opened = await checkpoints.pick(action === 'open-files' ? 'files' : 'folder');
      if (opened.length > 0 && navigation.screen === 'train') navigation.go('browse');
      return;
    }
    case 'palette':
      navigation.isPaletteOpen = true;
      return;
    case 'close-checkpoint':
      if (checkpoints.current) await checkpoints.close(checkpoints.current.file);
      return;
    case 'save-as':
      if (checkpoints.current) navigation.isSaveOpen = true;
      return;
    case 'browse':
    case 'compare':
    case 'train':
      navigation.go(action);
  }
}
