//! Compiled and tuned kernels, kept between runs.

/// Keeps what kernels were tuned to and compiled to in the user's cache folder, for the next run.
///
/// For a program, which calls it before it opens a device. By itself a GPU's backend keeps only what
/// was tuned, below the folder of the cargo project that it runs in. A folder named in `cubecl.toml`
/// or `burn.toml` is respected. Does nothing in a build without a GPU's backend.
pub fn keep_kernels() {
    #[cfg(feature = "gpu")]
    {
        use burn::cubecl::config::cache::CacheConfig;
        use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

        let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
        config.compilation.cache = true;
        if matches!(config.environment.path, CacheConfig::Target) {
            config.environment.path = CacheConfig::Global;
        }
        CubeClRuntimeConfig::try_set(config);
    }
}
