//! As much of XML Schema as JUnit's schema needs: which elements and attributes may stand where,
//! which have to, and where text may. What it cannot judge it refuses.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element with its attributes, and what is in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    /// The root of a document.
    pub(crate) fn parse(text: &str) -> Element {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut open = vec![Element::default()];
        loop {
            match reader.read_event().expect("well-formed XML") {
                Event::Start(start) => open.push(Element::begin(&start)),
                Event::Empty(start) => {
                    let element = Element::begin(&start);
                    open.last_mut().expect("a root").children.push(element);
                }
                Event::End(_) => {
                    let element = open.pop().expect("it was opened");
                    open.last_mut().expect("a root").children.push(element);
                }
                Event::Text(text) => {
                    let text = text.decode().expect("UTF-8");
                    open.last_mut().expect("a root").text.push_str(&text);
                }
                Event::GeneralRef(reference) => {
                    let name = reference.decode().expect("UTF-8");
                    let known = ["lt", "gt", "amp", "quot", "apos"].contains(&name.as_ref());
                    assert!(
                        known || name.starts_with('#'),
                        "&{name}; is defined nowhere"
                    );
                    open.last_mut().expect("a root").text.push('?');
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(open.len(), 1, "every element ends");
        let mut roots = open.remove(0).children;
        assert_eq!(roots.len(), 1, "one root");
        let root = roots.remove(0);
        let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(
            text.chars().all(is_char),
            "a character that XML cannot have"
        );
        root
    }

    fn begin(start: &BytesStart<'_>) -> Element {
        let mut attributes = BTreeMap::new();
        for attribute in start.attributes() {
            let attribute = attribute.expect("an attribute");
            let name = String::from_utf8(attribute.key.0.to_vec()).expect("UTF-8");
            let value = attribute.normalized_value(quick_xml::XmlVersion::default());
            attributes.insert(name, value.expect("a value").into_owned());
        }
        Element {
            name: String::from_utf8(start.name().0.to_vec()).expect("UTF-8"),
            attributes,
            ..Element::default()
        }
    }

    fn all(&self) -> Vec<&Element> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Element::all));
        all
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// Everything in which a document departs from a schema.
pub(crate) fn departures(schema: &str, document: &str) -> Vec<String> {
    let schema = Element::parse(schema);
    let mut wrong = Vec::new();
    judge(&schema, &Element::parse(document), &mut wrong);
    wrong
}

fn judge(schema: &Element, element: &Element, wrong: &mut Vec<String>) {
    let name = &element.name;
    let Some(rule) = schema
        .children
        .iter()
        .find(|rule| rule.name == "xs:element" && rule.attribute("name") == Some(name))
    else {
        wrong.push(format!("there is no element {name}"));
        return;
    };
    let parts = rule.all();
    let of = |kind: &'static str| parts.iter().filter(move |part| part.name == kind);
    let known: BTreeMap<&str, &Element> = parts
        .iter()
        .filter(|part| part.name == "xs:attribute")
        .map(|part| (part.attribute("name").expect("a name"), *part))
        .collect();
    for (attribute, value) in &element.attributes {
        match known
            .get(attribute.as_str())
            .map(|part| part.attribute("type"))
        {
            None => wrong.push(format!("{name} has no attribute {attribute}")),
            Some(Some("SUREFIRE_TIME")) if !is_time(value) => {
                wrong.push(format!("{attribute} of {name} is no time: {value}"));
            }
            Some(Some("SUREFIRE_TIME" | "xs:string")) => {}
            Some(other) => panic!("an attribute of type {other:?} cannot be judged"),
        }
    }
    for (attribute, part) in known {
        let is_required = part.attribute("use") == Some("required");
        if is_required && !element.attributes.contains_key(attribute) {
            wrong.push(format!("{name} lacks its attribute {attribute}"));
        }
    }
    let is_text = rule.attribute("type") == Some("xs:string")
        || of("xs:complexType").any(|part| part.attribute("mixed") == Some("true"));
    if !is_text && !element.text.trim().is_empty() {
        wrong.push(format!("{name} has text: {}", element.text.trim()));
    }
    let inside: BTreeSet<&str> = of("xs:element")
        .filter_map(|part| part.attribute("ref"))
        .collect();
    let is_free = |part: &&&Element| part.attribute("maxOccurs") == Some("unbounded");
    let free = of("xs:choice").find(is_free).is_some()
        || of("xs:element").skip(1).all(|part| is_free(&part));
    assert!(
        element.children.is_empty() || free,
        "the order in {name} cannot be judged"
    );
    for child in &element.children {
        match inside.contains(child.name.as_str()) {
            true => judge(schema, child, wrong),
            false => wrong.push(format!("{} may not stand in {name}", child.name)),
        }
    }
}

/// Digits, perhaps a point and at most three more.
fn is_time(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(part) && part.len() <= 3
}
