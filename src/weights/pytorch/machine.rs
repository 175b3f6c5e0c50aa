//! The machine that a pickle is a program for, with nothing that runs.
//!
//! A call becomes an object that remembers what would have been called with what.

use std::collections::HashMap;

use super::input::Input;
use super::literal;
use super::object::{Heap, Id, Made, Object};

/// Runs the pickle that begins at `place` of `bytes`, and leaves `place` behind it.
///
/// # Errors
/// What is wrong with the pickle; `heap` then holds what came before.
pub(super) fn run(bytes: &[u8], place: &mut usize, heap: &mut Heap) -> Result<Id, String> {
    let mut machine = Machine {
        input: Input::new(bytes, *place),
        heap,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    while machine.step()? {}
    *place = machine.input.place();
    machine.pop()
}

struct Machine<'a> {
    input: Input<'a>,
    heap: &'a mut Heap,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

type Step<T = ()> = Result<T, String>;

impl Machine<'_> {
    /// One instruction; false after the last.
    fn step(&mut self) -> Step<bool> {
        let code = self.input.byte()?;
        match code {
            b'.' => return Ok(false),
            // The version, and the lengths of frames, change nothing.
            0x80 => self.input.skip(1)?,
            0x95 => self.input.skip(8)?,
            b'N' => self.push(Object::None)?,
            0x88 => self.push(Object::Bool(true))?,
            0x89 => self.push(Object::Bool(false))?,
            b'I' | b'L' | b'F' | b'K' | b'M' | b'J' | b'G' | 0x8a | 0x8b => {
                let number = literal::number(code, &mut self.input)?;
                self.push(number)?;
            }
            b'S' | b'V' | 0x8c | b'U' | b'X' | b'T' | 0x8d => {
                let text = literal::text(code, &mut self.input)?;
                self.push(text)?;
            }
            b'C' | b'B' | 0x8e | 0x96 => {
                self.input.counted(match code {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.push(Object::Other)?;
            }
            b'(' => self.marks.push(self.stack.len()),
            b')' | b']' | 0x8f => self.push(Object::List(Vec::new()))?,
            b'}' => self.push(Object::Dict(Vec::new()))?,
            b't' | b'l' | 0x91 => {
                let items = self.marked()?;
                self.push(Object::List(items))?;
            }
            0x85..=0x87 => self.tuple(usize::from(code - 0x84))?,
            b'd' => {
                let entries = pairs(self.marked()?)?;
                self.push(Object::Dict(entries))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.append(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(vec![(key, value)])?;
            }
            b'u' => {
                let entries = pairs(self.marked()?)?;
                self.set(entries)?;
            }
            b'0' if self.marks.last() == Some(&self.stack.len()) => drop(self.marks.pop()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.marked()?),
            b'2' => self.stack.push(self.top()?),
            b'g' | b'h' | b'j' => {
                let index = self.index(code)?;
                let id = self.memo.get(&index).copied();
                let missing = || format!("a reference to the object {index}, which is not there");
                self.stack.push(id.ok_or_else(missing)?);
            }
            b'p' | b'q' | b'r' => {
                let index = self.index(code)?;
                self.memo.insert(index, self.top()?);
            }
            0x94 => {
                let index = self.memo.len() as u32;
                self.memo.insert(index, self.top()?);
            }
            b'c' => {
                let name = format!("{}.{}", self.input.line()?, self.input.line()?);
                self.push(Object::Global(name))?;
            }
            0x93 => self.stacked_global()?,
            b'P' => {
                let line = self.input.line()?;
                let by = self.heap.push(Object::Text(line))?;
                self.push(Object::Outside(by))?;
            }
            b'Q' => {
                let by = self.pop()?;
                self.push(Object::Outside(by))?;
            }
            b'R' | 0x81 => {
                let (arguments, maker) = (self.pop()?, self.pop()?);
                self.make(maker, arguments)?;
            }
            // Named arguments are of no use here.
            0x92 => {
                let (_, arguments, maker) = (self.pop()?, self.pop()?, self.pop()?);
                self.make(maker, arguments)?;
            }
            b'i' => {
                let name = format!("{}.{}", self.input.line()?, self.input.line()?);
                let items = self.marked()?;
                let maker = self.heap.push(Object::Global(name))?;
                let arguments = self.heap.push(Object::List(items))?;
                self.make(maker, arguments)?;
            }
            b'o' => {
                let mut items = self.marked()?.into_iter();
                let maker = items.next().ok_or("an object without a class")?;
                let arguments = self.heap.push(Object::List(items.collect()))?;
                self.make(maker, arguments)?;
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                // What a list or a dictionary has for attributes is not part of it.
                if let Object::Made(made) = self.heap.get_mut(object) {
                    made.state = Some(state);
                }
            }
            code => return Err(format!("a pickle with the unknown instruction {code:#04x}")),
        }
        Ok(true)
    }

    /// The index of an instruction on the memo: written out, in one byte, or in four.
    fn index(&mut self, code: u8) -> Step<u32> {
        let index = match code {
            b'g' | b'p' => {
                let line = self.input.line()?;
                return line
                    .parse()
                    .map_err(|_| format!("a pickle with the index {line:?}"));
            }
            b'h' | b'q' => self.input.small(1)?,
            _ => self.input.small(4)?,
        };
        Ok(index as u32)
    }

    fn push(&mut self, object: Object) -> Step {
        let id = self.heap.push(object)?;
        self.stack.push(id);
        Ok(())
    }

    /// The floor that the innermost mark puts under the stack.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Step<Id> {
        let above = self.stack.get(self.floor()..).unwrap_or_default();
        above.last().copied().ok_or_else(empty)
    }

    fn pop(&mut self) -> Step<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn marked(&mut self) -> Step<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(empty)?;
        match mark <= self.stack.len() {
            true => Ok(self.stack.split_off(mark)),
            false => Err(empty()),
        }
    }

    fn tuple(&mut self, length: usize) -> Step {
        let start = self.stack.len().checked_sub(length);
        let start = start.filter(|&start| start >= self.floor());
        let items = self.stack.split_off(start.ok_or_else(empty)?);
        self.push(Object::List(items))
    }

    fn append(&mut self, items: Vec<Id>) -> Step {
        let list = self.top()?;
        match self.heap.get_mut(list) {
            Object::List(all) => all.extend(items),
            Object::Made(made) => made.items.extend(items),
            _ => return Err("items for what is no list".into()),
        }
        Ok(())
    }

    fn set(&mut self, entries: Vec<(Id, Id)>) -> Step {
        let dict = self.top()?;
        match self.heap.get_mut(dict) {
            Object::Dict(all) => all.extend(entries),
            Object::Made(made) => made.entries.extend(entries),
            _ => return Err("entries for what is no dictionary".into()),
        }
        Ok(())
    }

    fn make(&mut self, maker: Id, arguments: Id) -> Step {
        self.push(Object::Made(Box::new(Made {
            maker,
            arguments,
            items: Vec::new(),
            entries: Vec::new(),
            state: None,
        })))
    }

    fn stacked_global(&mut self) -> Step {
        let (name, module) = (self.pop()?, self.pop()?);
        let name = match (self.heap.get(module), self.heap.get(name)) {
            (Object::Text(module), Object::Text(name)) => format!("{module}.{name}"),
            _ => return Err("a class whose name is no text".into()),
        };
        self.push(Object::Global(name))
    }
}

fn pairs(items: Vec<Id>) -> Step<Vec<(Id, Id)>> {
    match items.as_chunks() {
        (pairs, []) => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
        _ => Err("a key without a value".into()),
    }
}

fn empty() -> String {
    "a pickle that takes more than it has put".into()
}
