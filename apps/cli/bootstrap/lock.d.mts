/** Types of lock.mjs, for its tests. */
export function takeLock(path: string, onWait: (pid: number) => void): Promise<() => void>;
