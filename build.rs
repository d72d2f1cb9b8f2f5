//! Lets the binary find a shared libpython that is not on the loader's path.
fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::add_libpython_rpath_link_args();
}
