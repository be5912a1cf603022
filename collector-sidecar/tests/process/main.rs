//! The collector as a process: command line, output, signals, exit status.

#[cfg(test)]
mod command_line;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod running;
