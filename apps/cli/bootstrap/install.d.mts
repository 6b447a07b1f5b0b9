/** Types of install.mjs, for its tests. */
export function isInstalled(root: string): boolean;
export function missingSpace(root: string, freeBytes: number): string | null;
export function install(root: string): Promise<void>;
