export { DEVNET_MNEMONIC, devnetKeys } from './devnet-keys.js';
export { Network, type NetworkOptions } from './network.js';
export { appScript, PROJECT_ROOT } from './project-root.js';
export { waitFor } from './wait-for.js';
