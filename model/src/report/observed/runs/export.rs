//! The lines of an exporter: which operation each is of, and what can be said of it without the model.

use std::collections::BTreeMap;

use handfast::limits::MAX_OP_ID;

use super::{
    Export, Sorter,
    lanes::{Noted, Seen, What},
};
use crate::{
    report::observed::parse::{Call, Event, Line, Returned},
    system::config::Player,
};

/// Why a signal of an export operation has no operation.
const NO_OP: &str = "no addDevice returned this op_id";

impl Sorter<'_> {
    /// Takes a line of an exporter.
    pub(super) fn export(&mut self, number: usize, line: &Line) {
        match &line.event {
            Event::Call(Call::AddDevice { .. }, _) if line.elsewhere => return self.another(number, line, None),
            Event::Call(Call::AddDevice { uri }, returned) => return self.add_device(number, line, uri, returned),
            Event::Call(Call::RemoveAccount { .. }, _) => return self.remove_account(number, line),
            Event::Signal { .. } | Event::Call(..) => {}
        }
        let op = match &line.event {
            Event::Signal { op, .. } => *op,
            Event::Call(Call::Confirm { op } | Call::Cancel { op } | Call::CompareAddDevice { op, .. }, _) => Some(*op),
            Event::Call(..) => None,
        };
        let mut own = op.and_then(|op| self.export_of(line, op));
        if let (None, Some(op), Event::Signal { .. }, false) = (own, op, &line.event, self.whole) {
            // The call that began it returns after the end of the file.
            let export = Export { device: line.device.clone(), op: Some(op), under_way: true, ..Export::default() };
            self.exports.push(export);
            own = Some(self.exports.len() - 1);
        }
        let at = own.unwrap_or_else(|| self.begun(line));
        let export = &mut self.exports[at];
        match &line.event {
            Event::Signal { state, details, .. } => {
                let (unknown, doubt) = (own.is_none().then_some(NO_OP), export.under_way.then_some(NO_OP));
                let flaw = unknown.or_else(|| look_at_address(*state, details));
                let noted = Noted { doubt, ..Noted::of(number, line, flaw) };
                export.lane.signals.push(Seen { noted, state: *state, details: details.clone() });
            }
            Event::Call(call, Returned::Accepted(accepted)) => {
                let accepted = *accepted;
                let (what, flaw) = match call {
                    _ if own.is_none() => {
                        if !accepted {
                            self.apart.push((number, "it is of another operation, and is refused"));
                        }
                        (What::Nothing, accepted.then_some("there is no such operation: it returns false"))
                    }
                    Call::Confirm { .. } => (What::Confirm { accepted }, None),
                    Call::CompareAddDevice { equal, .. } => (What::CompareAddDevice { equal: *equal, accepted }, None),
                    _ => (What::Cancel { accepted }, None),
                };
                export.lane.call(number, line, what, flaw);
            }
            Event::Call(..) => {
                export.lane.call(number, line, What::Nothing, Some("it returns whether it is accepted"));
            }
        }
    }

    fn add_device(&mut self, number: usize, line: &Line, uri: &str, returned: &Returned) {
        let token = self.parse(uri);
        let Returned::Number(returned) = *returned else {
            let at = self.begun(line);
            let flaw = Some("it returns an operation, or an error");
            return self.exports[at].lane.call(number, line, What::Nothing, flaw);
        };
        if returned > 0 {
            return self.begin_export(number, line, token.is_some(), returned);
        }
        let legacy = self.cast().export == Player::Legacy;
        let (what, flaw) = match (returned, token) {
            (-1, None) => (What::Nothing, None),
            (-3, _) if legacy => (What::Nothing, None),
            // Nothing takes calls any more once the operation is over.
            (-3, _) => (What::Another { refused: false }, None),
            (-1, Some(_)) => (What::Nothing, Some("the token is one: it does not return -1")),
            (-2, Some(_)) => (What::Another { refused: true }, None),
            (-2, None) => (What::Nothing, Some("it is not a token: it returns -1")),
            // Of an account that somebody else manages.
            (0, _) if legacy => (What::Nothing, None),
            _ => (What::Nothing, Some("it returns an operation, -1, -2 or -3")),
        };
        if what == What::Nothing && flaw.is_none() {
            self.apart.push((number, "it is refused: no operation begins"));
        }
        let at = self.begun(line);
        self.exports[at].lane.call(number, line, what, flaw);
    }

    fn begin_export(&mut self, number: usize, line: &Line, parses: bool, op: i64) {
        let at = self.export_of(line, op).unwrap_or_default();
        let again = self.exports[at].lane.calls.iter().any(|asked| asked.what == What::AddDevice);
        let flaw = match op {
            _ if again => Some("this op_id was returned before"),
            _ if !parses => Some("it is not a token: it returns -1"),
            _ if op > i64::from(MAX_OP_ID) => Some("an op_id is at most 2147483647"),
            _ => None,
        };
        self.another(number, line, Some(at));
        self.exports[at].lane.call(number, line, What::AddDevice, flaw);
    }

    /// Another operation begins on its device: the others there are not live.
    fn another(&mut self, number: usize, line: &Line, begins: Option<usize>) {
        for (at, export) in self.exports.iter_mut().enumerate() {
            if Some(at) != begins && export.device == line.device && export.has_begun() {
                export.lane.call(number, line, What::Another { refused: false }, None);
            }
        }
    }

    /// All operations of an account that have not ended go with it.
    fn remove_account(&mut self, number: usize, line: &Line) {
        let last = self.begun(line);
        for (at, export) in self.exports.iter_mut().enumerate() {
            if at == last || (export.device == line.device && export.has_begun() && !export.lane.has_ended()) {
                export.lane.call(number, line, What::Unplug, None);
            }
        }
    }

    /// The export operation of this number, on the device of a line.
    pub(super) fn export_of(&self, line: &Line, op: i64) -> Option<usize> {
        self.exports.iter().position(|export| export.device == line.device && export.op == Some(op))
    }

    /// The export operation that began last before a line on its device, or one that never began.
    fn begun(&mut self, line: &Line) -> usize {
        let own = |export: &Export| export.device == line.device;
        let last = self.exports.iter().rposition(|export| own(export) && export.has_begun());
        last.or_else(|| self.exports.iter().position(own)).unwrap_or_else(|| {
            self.exports.push(Export { device: line.device.clone(), ..Export::default() });
            self.exports.len() - 1
        })
    }
}

impl Export {
    /// Whether `addDevice` returned it.
    fn has_begun(&self) -> bool {
        self.lane.calls.iter().any(|asked| asked.what == What::AddDevice)
    }
}

fn look_at_address(state: u8, details: &BTreeMap<String, String>) -> Option<&'static str> {
    let text = details.get("peer_address").filter(|_| state == 3)?;
    let address = text.parse::<std::net::SocketAddr>().ok().filter(|address| address.port() != 0);
    address.is_none_or(|address| address.to_string() != *text).then_some("peer_address is not `ip:port`")
}
