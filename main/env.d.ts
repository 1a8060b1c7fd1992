/** An AssemblyScript entry, compiled by the build (see build/assembly.mjs). */
declare module '*.ts?wasm' {
  /** The bytes of its WebAssembly module. */
  export const base64: string;
}
