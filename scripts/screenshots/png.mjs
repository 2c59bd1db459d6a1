export const compressed = (bytes) => bytes;
