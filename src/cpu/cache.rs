//! What a network keeps between calls.

use burn::module::{
    Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::Device;

use super::inference::Cached;
use super::memory::Workspace;

/// The network compiled for inference, and the memory that its training steps share.
///
/// To burn it is a module without parameters: it is in no record, and every operation that makes
/// another module of this one (mapping, loading, moving, training) leaves behind what was compiled.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    pub(super) inference: Cached,
    pub(super) training: Workspace,
}

impl Cache {
    fn emptied(self) -> Self {
        Self {
            inference: Cached::default(),
            ..self
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Cache")
    }
}

impl Module for Cache {
    fn visit<V: ModuleVisitor>(&self, _: &mut V) {}

    fn map<M: ModuleMapper>(self, _: &mut M) -> Self {
        self.emptied()
    }

    fn to_device(self, _: &Device) -> Self {
        self.emptied()
    }

    fn fork(self, _: &Device) -> Self {
        self.emptied()
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        devices
    }

    fn materialize(self) -> Self {
        self.emptied()
    }

    fn valid(&self) -> Self {
        self.clone().emptied()
    }

    fn train(self) -> Self {
        self.emptied()
    }
}

impl ModuleDisplayDefault for Cache {
    fn content(&self, content: Content) -> Option<Content> {
        Some(content)
    }
}

impl ModuleDisplay for Cache {}
