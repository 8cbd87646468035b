//! The checker: the shipped reducers in an environment that does its worst, and every reachable state of them looked at.

#![forbid(unsafe_code)]

pub mod action;
pub mod check;
pub mod config;
pub mod diagram;
pub mod explore;
pub mod flaws;
mod goals;
pub mod legacy;
mod link;
mod monitor;
pub mod mutants;
pub mod observed;
pub mod pairs;
pub mod properties;
pub mod report;
pub mod side;
mod steps;
pub mod system;
mod table;
pub mod world;
