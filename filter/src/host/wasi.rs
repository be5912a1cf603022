//! System calls that some Envoys do not supply.
//!
//! Envoy 1.36 has neither `fd_filestat_get` nor `path_readlink`, and refuses a
//! module that imports what it does not have. Code of the model runtime that
//! never runs here (it opens files) pulls them in through the C library; these
//! take the place of its imports. A filter has no files in any Envoy.

/// `errno` for a call that the system does not have (WASI preview 1, `errno`).
const NOSYS: i32 = 52;

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_get(_: i32, _: i32) -> i32 {
    NOSYS
}

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_path_readlink(
    _: i32,
    _: i32,
    _: i32,
    _: i32,
    _: i32,
    _: i32,
) -> i32 {
    NOSYS
}
