//! Work that is due at a time: repetitions, expiry, and the care for the routing tables.

use core::time::Duration;

use crate::limits;
use crate::node::{Node, index};
use crate::requests::{Due, Purpose};
use crate::wire::{Family, Request, Want};

impl Node {
    /// Does what is due. To be called at [`Node::poll_timeout`]; earlier calls do nothing.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(due) = self.requests.pop_due(now, &mut self.random) {
            match due {
                Due::Again(transaction) => self.send_again(transaction),
                Due::Over(request) => {
                    self.table(&request.to).expire(&request.to);
                    self.give_up(now, &request.to, request.purpose);
                }
            }
        }
        self.tokens.advance(now, &mut self.random);
        self.reassembly.advance(now);
        self.listeners.advance(now);
        self.drop_over(now);
        self.bootstrap_again(now);
        while let Some((_, operation)) = self.operations_due.first().copied().filter(|(at, _)| *at <= now) {
            self.step(now, operation);
        }
        if now >= self.upkeep_at {
            self.keep_up(now);
        }
    }

    /// One round: looks where the tables know least, and pings nodes that have been silent for long.
    fn keep_up(&mut self, now: Duration) {
        self.upkeep_rounds = self.upkeep_rounds.saturating_add(1);
        let young = self.upkeep_rounds < limits::YOUNG_ROUNDS;
        self.upkeep_at = now + self.random.between(if young { limits::UPKEEP_YOUNG } else { limits::UPKEEP });
        self.banned.retain(|_, until| *until > now);
        self.note_losses(now);
        for family in Family::ALL {
            let target = self.tables[index(family)].poorest(now, &mut self.random);
            let nearest = self.tables[index(family)].nearest_good(now, &target, 1);
            if let Some(nearest) = nearest.first() {
                let request = Request::Find { target, want: self.wanted() };
                self.request(now, nearest.address, Purpose::Upkeep, &request, Vec::new());
            }
            for contact in self.tables[index(family)].stale(now) {
                self.request(now, contact.address, Purpose::Upkeep, &Request::Ping, Vec::new());
            }
        }
    }

    /// Returns the families of this node, when they are two: one alone is asked for by asking over it.
    fn wanted(&self) -> Want {
        if self.config.families == Want::BOTH { Want::BOTH } else { Want::default() }
    }
}
