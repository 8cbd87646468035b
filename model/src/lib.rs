//! The checker: the shipped reducers in an environment that does its worst, and every reachable state of them looked at.

#![forbid(unsafe_code)]

pub mod abstraction;
pub mod action;
pub mod again;
pub mod api;
pub mod check;
mod claims;
pub mod clients;
pub mod config;
pub mod connection;
mod crash;
pub mod device;
pub mod diagram;
pub mod divergences;
pub mod documented;
pub mod explore;
pub mod flaws;
pub mod follow;
mod goals;
pub mod hunt;
pub mod legacy;
mod link;
pub mod liveness;
pub mod matrix;
mod monitor;
pub mod mutants;
pub mod observed;
pub mod pairs;
pub mod players;
pub mod properties;
pub mod refinement;
pub mod report;
pub mod rows;
pub mod second;
pub mod sequence;
pub mod side;
pub mod steps;
pub mod svg;
pub mod system;
mod table;
pub mod walk;
pub mod weaknesses;
pub mod without;
pub mod world;
