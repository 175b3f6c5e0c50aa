//! What a pickle says in texts and numbers.

use serde_json::{Map, Value};

use super::object::{Heap, Id, Object};

/// The most that is read of it.
const MOST: usize = 200_000;
/// The longest list: class names are among the longest that mean anything.
const LONGEST: usize = 10_000;
/// How deep it is read.
const DEEPEST: usize = 8;
/// How deep modules are: a network inside a program's own module inside a wrapper.
const MODULES: usize = 3;

/// The texts and numbers below `root`, under the keys of dictionaries and the names of attributes;
/// everything else is null.
pub(super) fn plain(heap: &Heap, root: Id) -> Value {
    let mut reader = Reader { heap, left: MOST };
    reader.value(root, DEEPEST, MODULES)
}

struct Reader<'h> {
    heap: &'h Heap,
    left: usize,
}

impl Reader<'_> {
    fn value(&mut self, id: Id, deep: usize, modules: usize) -> Value {
        if self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        match self.heap.get(id) {
            Object::Bool(value) => (*value).into(),
            Object::Int(number) => (*number).into(),
            Object::Float(number) => (*number).into(),
            Object::Text(text) => text.as_str().into(),
            _ if deep == 0 => Value::Null,
            Object::List(items) if items.len() > LONGEST => Value::Null,
            Object::List(items) => {
                let items = items.iter();
                items
                    .map(|&item| self.value(item, deep - 1, modules))
                    .collect()
            }
            Object::Dict(_) => self.entries(self.heap.entries(id), deep, modules).into(),
            Object::Made(_) => self.made(id, deep, modules),
            _ => Value::Null,
        }
    }

    fn made(&mut self, id: Id, deep: usize, modules: usize) -> Value {
        if let Some([_, _, inner]) = self.heap.module(id) {
            let attributes = self.heap.attributes(id).into_iter();
            let said = attributes.filter(|&(key, _)| self.is_said(key)).collect();
            let mut all = self.entries(said, deep, modules);
            if modules > 0 {
                let inner = self.entries(self.heap.entries(inner), deep, modules - 1);
                all.extend(inner);
            }
            return all.into();
        }
        // OmegaConf keeps a value, or the entries of a dictionary, in an attribute.
        for wrapped in ["_val", "_content"] {
            if let Some(value) = self.heap.attribute(id, wrapped) {
                return self.value(value, deep - 1, modules);
            }
        }
        if let Some(items) = self.heap.list(id).filter(|items| items.len() <= LONGEST) {
            let items = items.iter();
            return items
                .map(|&item| self.value(item, deep - 1, modules))
                .collect();
        }
        match self.heap.entries(id) {
            entries if entries.is_empty() => Value::Null,
            entries => self.entries(entries, deep, modules).into(),
        }
    }

    /// Whether an attribute of a module is the program's own, and not PyTorch's.
    fn is_said(&self, key: Id) -> bool {
        let key = self.heap.key(key).unwrap_or_default();
        !key.starts_with('_') || key == "_hparams"
    }

    fn entries(
        &mut self,
        entries: Vec<(Id, Id)>,
        deep: usize,
        modules: usize,
    ) -> Map<String, Value> {
        let named = entries.into_iter().filter_map(|(key, value)| {
            let key = self.heap.key(key)?;
            Some((key, value))
        });
        let named: Vec<_> = named.collect();
        named
            .into_iter()
            .map(|(key, value)| (key, self.value(value, deep - 1, modules)))
            .collect()
    }
}
