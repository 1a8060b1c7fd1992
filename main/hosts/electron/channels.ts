/** Names of what passes between the preload and the main process; the page never sees them. */
export const PORT_CHANNEL = 'paramscope:port';
export const DROPPED_CHANNEL = 'paramscope:dropped';
export const PICK_CHANNEL = 'paramscope:pick';
