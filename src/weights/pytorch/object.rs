//! The objects that a pickle describes. They are kept by number, so that one that is referred to in
//! many places is held once, and a pickle takes memory in proportion to its length.

/// The number of an object in its [`Heap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u32);

/// One object.
#[derive(Debug)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Bytes, or a number of more than 64 bits.
    Other,
    /// A list, a tuple or a set.
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or a function, as `module.name`.
    Global(String),
    Made(Box<Made>),
    /// What is kept outside the pickle, by what it is found with.
    Outside(Id),
}

/// What a call would have made: the call, and what the pickle puts into its result.
#[derive(Debug)]
pub(super) struct Made {
    pub maker: Id,
    pub arguments: Id,
    pub items: Vec<Id>,
    pub entries: Vec<(Id, Id)>,
    pub state: Option<Id>,
}

/// The most objects that a pickle may describe. A whole EfficientNet-B4 with its optimizer has a
/// twentieth of this.
const MOST: usize = 2 << 20;

/// All objects of a pickle.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<Object>);

impl Heap {
    pub fn push(&mut self, object: Object) -> Result<Id, String> {
        if self.0.len() == MOST {
            return Err(format!("a pickle of more than {MOST} objects"));
        }
        self.0.push(object);
        Ok(Id(self.0.len() as u32 - 1))
    }

    pub fn get(&self, id: Id) -> &Object {
        &self.0[id.0 as usize]
    }

    pub fn get_mut(&mut self, id: Id) -> &mut Object {
        &mut self.0[id.0 as usize]
    }

    /// The classes and functions that are named anywhere.
    pub fn globals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|object| match object {
            Object::Global(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// What everything outside the pickle is found with.
    pub fn outside(&self) -> impl Iterator<Item = Id> {
        self.0.iter().filter_map(|object| match object {
            Object::Outside(by) => Some(*by),
            _ => None,
        })
    }

    pub fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Object::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// A text, or a whole number as text: both are keys.
    pub fn key(&self, id: Id) -> Option<String> {
        match self.get(id) {
            Object::Text(text) => Some(text.clone()),
            Object::Int(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The class or function that made an object, and what it was given.
    pub fn call(&self, id: Id) -> Option<(&str, Id)> {
        match self.get(id) {
            Object::Made(made) => match self.get(made.maker) {
                Object::Global(name) => Some((name, made.arguments)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The members of a list, a tuple, a set or anything made like one.
    pub fn list(&self, id: Id) -> Option<&[Id]> {
        let Object::Made(made) = self.get(id) else {
            return match self.get(id) {
                Object::List(items) => Some(items),
                _ => None,
            };
        };
        if !made.items.is_empty() {
            return Some(&made.items);
        }
        const SEQUENCES: [&str; 6] = ["set", "frozenset", "list", "tuple", "deque", "Size"];
        match self.get(self.first_argument(id, &SEQUENCES)?) {
            Object::List(items) => Some(items),
            _ => None,
        }
    }

    /// What an object was made of, if its maker has one of `names` in whatever module.
    fn first_argument(&self, id: Id, names: &[&str]) -> Option<Id> {
        let (maker, arguments) = self.call(id)?;
        let (_, name) = maker.rsplit_once('.')?;
        match self.get(arguments) {
            Object::List(all) if names.contains(&name) => all.first().copied(),
            _ => None,
        }
    }

    /// What is filed in an object by key: in a dictionary, in anything made like one, and the
    /// attributes of any other. Of equal keys the last counts.
    pub fn entries(&self, id: Id) -> Vec<(Id, Id)> {
        let made = match self.get(id) {
            Object::Dict(entries) => return entries.clone(),
            Object::Made(made) => made,
            _ => return Vec::new(),
        };
        let mut all = self.given(id);
        all.extend(&made.entries);
        all.extend(self.attributes(id));
        all
    }

    /// The attributes of an object.
    pub fn attributes(&self, id: Id) -> Vec<(Id, Id)> {
        let Object::Made(made) = self.get(id) else {
            return Vec::new();
        };
        match made.state.map(|state| self.get(state)) {
            Some(Object::Dict(entries)) => entries.clone(),
            // Those of the object, and those of its slots.
            Some(Object::List(parts)) => parts
                .iter()
                .filter_map(|&part| match self.get(part) {
                    Object::Dict(entries) => Some(entries),
                    _ => None,
                })
                .flatten()
                .copied()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries that a dictionary was given when it was made.
    fn given(&self, id: Id) -> Vec<(Id, Id)> {
        const DICTIONARIES: [&str; 3] = ["OrderedDict", "dict", "Counter"];
        let given = self.first_argument(id, &DICTIONARIES);
        match given.map(|given| self.get(given)) {
            Some(Object::Dict(entries)) => entries.clone(),
            Some(Object::List(pairs)) => pairs
                .iter()
                .filter_map(|&pair| match self.list(pair)? {
                    &[key, value] => Some((key, value)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// An attribute by its name.
    pub fn attribute(&self, id: Id, name: &str) -> Option<Id> {
        let attributes = self.attributes(id);
        let mut found = attributes
            .iter()
            .rev()
            .filter(|&&(key, _)| matches!(self.get(key), Object::Text(text) if text == name));
        found.next().map(|&(_, value)| value)
    }

    /// The parameters, the buffers and the modules of a module; `None` of any other object.
    ///
    /// The class is not looked at: a module is of its program's own class.
    pub fn module(&self, id: Id) -> Option<[Id; 3]> {
        let table = |name| self.attribute(id, name);
        Some([
            table("_parameters")?,
            table("_buffers")?,
            table("_modules")?,
        ])
    }
}
