/** Starts the page: finds its host, connects it to the engine, shows the window. */
import '#renderer/style/tokens.css';
import '#renderer/style/base.css';

import { createPinia } from 'pinia';
import { createApp, watch } from 'vue';

import App from '#renderer/App.vue';
import { connectTo } from '#renderer/client/client.ts';
import { electronPort } from '#renderer/client/electron-bridge.ts';
import { setHost } from '#renderer/client/host.ts';
import { openWebBridge } from '#renderer/client/web-bridge.ts';
import { watchHost } from '#renderer/stores/host-events.ts';
import { useSettings } from '#renderer/stores/settings.ts';
import ErrorNotice from '#renderer/ui/ErrorNotice.vue';
import { AppError, isAppError } from '#shared/errors.ts';

async function boot(): Promise<void> {
  if (window.paramscope) {
    setHost(window.paramscope);
    connectTo(await electronPort(window.paramscope));
  } else {
    const web = await openWebBridge();
    setHost(web.bridge);
    connectTo(web.port);
  }
  const app = createApp(App).use(createPinia());
  const settings = useSettings();
  watch(
    () => settings.theme,
    (theme) => (document.documentElement.dataset.theme = theme),
  );
  await settings.load();
  app.mount('#app');
  void watchHost();
}

boot().catch((error: unknown) => {
  const known = isAppError(error)
    ? error
    : new AppError('internal', 'the window could not be built', {}, error);
  createApp(ErrorNotice, { error: known, title: 'Paramscope could not start' }).mount('#app');
});
