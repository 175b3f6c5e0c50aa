//! The tensors of what was saved, by name.

use super::object::{Heap, Id, Object};
use super::tensor::{Described, Tensor};

/// A tensor of a file.
#[derive(Debug)]
pub(in crate::weights) struct NamedTensor {
    /// Its keys from the outermost dictionary on, joined by dots.
    pub name: String,
    /// How much of the name are the keys of dictionaries that hold others, with the dot behind.
    pub container: usize,
    /// The tensor, or why it is not read.
    pub tensor: Result<Tensor, String>,
}

/// The most that is looked at on the way: a pickle can refer to one object from many places.
const MOST: usize = 1 << 20;
/// The most keys in a name.
const DEEPEST: usize = 64;

/// Every tensor below `root`; of modules those that their state dicts have.
///
/// # Errors
/// If there is no end to them.
pub(super) fn tensors(heap: &Heap, root: Id) -> Result<Vec<NamedTensor>, String> {
    let mut walk = Walk {
        heap,
        keys: Vec::new(),
        within: Vec::new(),
        left: MOST,
        found: Vec::new(),
    };
    walk.visit(root, 0)?;
    Ok(walk.found)
}

struct Walk<'h> {
    heap: &'h Heap,
    keys: Vec<String>,
    /// The objects on the way here: one that is among them goes round in a circle.
    within: Vec<Id>,
    left: usize,
    found: Vec<NamedTensor>,
}

impl Walk<'_> {
    /// Goes through `id`; the first `container` of the keys are those of dictionaries.
    fn visit(&mut self, id: Id, container: usize) -> Result<(), String> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| format!("an object with more than {MOST} others in it"))?;
        if self.keys.len() == DEEPEST || self.within.contains(&id) {
            return Ok(());
        }
        match Described::of(self.heap, id) {
            Described::Tensor(tensor) => self.keep(container, Ok(tensor)),
            Described::Unreadable(reason) => self.keep(container, Err(reason)),
            Described::Other => {
                self.within.push(id);
                self.descend(id, container)?;
                self.within.pop();
            }
        }
        Ok(())
    }

    fn descend(&mut self, id: Id, container: usize) -> Result<(), String> {
        if let Some([parameters, buffers, modules]) = self.heap.module(id) {
            let passing = self.heap.attribute(id, "_non_persistent_buffers_set");
            let passing = passing.and_then(|names| self.heap.list(names));
            let passing: Vec<_> = passing
                .unwrap_or_default()
                .iter()
                .filter_map(|&name| self.heap.key(name))
                .collect();
            for table in [parameters, buffers, modules] {
                for (key, value) in self.heap.entries(table) {
                    let key = self.heap.key(key).unwrap_or_default();
                    if table != buffers || !passing.contains(&key) {
                        self.enter(key, value, container)?;
                    }
                }
            }
            return Ok(());
        }
        if let Some(items) = self.heap.list(id) {
            for (index, &item) in items.iter().enumerate() {
                self.enter(index.to_string(), item, self.keys.len() + 1)?;
            }
        }
        for (index, (key, value)) in self.heap.entries(id).into_iter().enumerate() {
            // Not everything that is a key in Python is a name.
            let key = self.heap.key(key).unwrap_or_else(|| index.to_string());
            let holds = !matches!(Described::of(self.heap, value), Described::Tensor(_));
            let container = self.keys.len() + usize::from(holds);
            self.enter(key, value, container)?;
        }
        Ok(())
    }

    fn enter(&mut self, key: String, value: Id, container: usize) -> Result<(), String> {
        // Most of what a file says are numbers and texts.
        if let Object::Made(_) | Object::Dict(_) | Object::List(_) = self.heap.get(value) {
            self.keys.push(key);
            self.visit(value, container)?;
            self.keys.pop();
        }
        Ok(())
    }

    fn keep(&mut self, container: usize, tensor: Result<Tensor, String>) {
        let container = self.keys[..container.min(self.keys.len())].iter();
        self.found.push(NamedTensor {
            name: self.keys.join("."),
            container: container.map(|key| key.len() + 1).sum(),
            tensor,
        });
    }
}
