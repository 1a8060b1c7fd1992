/** What is type-checked against a configuration of its own, `tsconfig.<name>.json`: those that take longest first. */
export const processes = ['test', 'renderer', 'main', 'shared', 'preload', 'assembly'];
