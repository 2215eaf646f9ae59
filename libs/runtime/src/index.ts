export { exitWithParent, type ExitWithParentOptions } from './exit-with-parent.js';
