// For memlab: a realm of a run that is over is a leak.
module.exports = { leakFilter: (node) => node.name.startsWith("system / NativeContext / run ") };
