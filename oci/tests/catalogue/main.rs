//! The catalogue of operations: facts of it that tools rely on, and what it makes of bad parameters.

#![cfg(test)]
#![cfg(feature = "catalogue")]

mod facts;
mod hostile;
mod names;
mod requests;
mod schemas;
mod support;
