//! Documents as trees, between WBXML, XML and the types of [`document`](crate::document).

use crate::xml::Position;

/// An element.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Element {
    /// The name, with its prefix.
    pub name: String,
    /// The attributes in their order.
    pub attributes: Vec<Attribute>,
    /// What is inside.
    pub children: Vec<Node>,
    /// Where it stands in the XML text; `None` if it does not come from there.
    pub position: Option<Position>,
}

/// An attribute.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Where it stands in the XML text; `None` if it does not come from there.
    pub position: Option<Position>,
}

/// What is inside an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
    /// Octets that are no text.
    Octets(Vec<u8>),
    /// An extension, whose meaning is up to the document type; none known here uses them.
    Extension(Extension),
}

/// An extension token (WAP-192-WBXML, section 5.8.4.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Extension {
    /// `EXT_0` to `EXT_2`: by itself.
    Alone(u8),
    /// `EXT_T_0` to `EXT_T_2`, with a number.
    Number(u8, u32),
    /// `EXT_I_0` to `EXT_I_2`, with a string.
    Text(u8, String),
}

impl Element {
    /// An element without attributes and content.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push(Attribute { name: name.into(), value: value.into(), position: None });
        self
    }

    /// The same with one more attribute, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with text inside, unless it is empty.
    #[must_use]
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.children.push(Node::Text(text));
        }
        self
    }

    /// The same with one more element inside.
    #[must_use]
    pub fn holding(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// An attribute by name; of several, the last one: it would overwrite those before it on a phone.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().rev().find(|attribute| attribute.name == name)
    }

    /// The value of an attribute.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(|attribute| attribute.value.as_str())
    }

    /// The elements inside.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The first element inside with a name.
    pub fn element(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// The text inside, of the element itself only, without white space around it.
    pub fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<String>().trim().to_owned()
    }
}
