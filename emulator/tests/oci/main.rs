//! The simulated OCI, without sockets.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod sign;
