//! The emulator, proved with functions that share no code with our FDK.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod orphans;
