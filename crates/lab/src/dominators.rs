//! Which node each node depends on: the last one that every way to it from the root passes.
//!
//! The algorithm of Lengauer and Tarjan ("A fast algorithm for finding dominators in a flowgraph", 1979) with path compression,
//! without recursion: a heap in which each run holds the one before is one long chain, for which the iterative one of Cooper,
//! Harvey and Kennedy takes quadratic time.

/// Edges by their source, and by their target.
#[derive(Debug)]
pub(crate) struct Graph {
    first_out: Vec<u32>,
    out: Vec<u32>,
    first_in: Vec<u32>,
    incoming: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Graph {
    /// A graph of that many nodes. `edges` is called twice, and gives the same both times.
    pub(crate) fn new<I: Iterator<Item = (u32, u32)>>(nodes: usize, edges: impl Fn() -> I) -> Self {
        let (mut first_out, mut first_in) = (vec![0; nodes + 1], vec![0; nodes + 1]);
        for (from, to) in edges() {
            first_out[from as usize + 1] += 1;
            first_in[to as usize + 1] += 1;
        }
        for node in 0..nodes {
            first_out[node + 1] += first_out[node];
            first_in[node + 1] += first_in[node];
        }
        let count = first_out[nodes] as usize;
        let (mut out, mut incoming) = (vec![0; count], vec![0; count]);
        let (mut next_out, mut next_in) = (first_out.clone(), first_in.clone());
        for (from, to) in edges() {
            out[next_out[from as usize] as usize] = to;
            next_out[from as usize] += 1;
            incoming[next_in[to as usize] as usize] = from;
            next_in[to as usize] += 1;
        }
        Self { first_out, out, first_in, incoming }
    }

    fn out(&self, node: u32) -> &[u32] {
        &self.out[self.first_out[node as usize] as usize..self.first_out[node as usize + 1] as usize]
    }

    fn incoming(&self, node: u32) -> &[u32] {
        &self.incoming[self.first_in[node as usize] as usize..self.first_in[node as usize + 1] as usize]
    }

    fn nodes(&self) -> usize {
        self.first_out.len() - 1
    }
}

/// The immediate dominators of all nodes that `root` reaches.
#[derive(Debug)]
pub(crate) struct Dominators {
    /// For each node; itself for the root, and [`NONE`] for a node that cannot be reached.
    immediate: Vec<u32>,
    /// The nodes that can be reached, so that each comes after its immediate dominator.
    order: Vec<u32>,
}

impl Dominators {
    pub(crate) fn of(graph: &Graph, root: u32) -> Self {
        let nodes = graph.nodes();
        let mut search = Search {
            number: vec![NONE; nodes],
            semi: Vec::new(),
            label: (0..nodes as u32).collect(),
            ancestor: vec![NONE; nodes],
            path: Vec::new(),
        };
        let (order, parent) = depth_first(graph, root, &mut search.number);
        search.semi = search.number.clone();
        let mut immediate = vec![NONE; nodes];
        // The nodes whose semidominator a node is, as a list in two arrays.
        let (mut bucket, mut next) = (vec![NONE; nodes], vec![NONE; nodes]);
        for node in order.iter().skip(1).rev().copied() {
            for from in graph.incoming(node).iter().copied() {
                if search.number[from as usize] == NONE {
                    continue;
                }
                let best = search.eval(from);
                search.semi[node as usize] = search.semi[node as usize].min(search.semi[best as usize]);
            }
            let semi = order[search.semi[node as usize] as usize];
            next[node as usize] = bucket[semi as usize];
            bucket[semi as usize] = node;
            let above = parent[node as usize];
            search.ancestor[node as usize] = above;
            let mut waiting = std::mem::replace(&mut bucket[above as usize], NONE);
            while waiting != NONE {
                let best = search.eval(waiting);
                let is_lower = search.semi[best as usize] < search.semi[waiting as usize];
                immediate[waiting as usize] = if is_lower { best } else { above };
                waiting = next[waiting as usize];
            }
        }
        for node in order.iter().skip(1).copied() {
            if immediate[node as usize] != order[search.semi[node as usize] as usize] {
                immediate[node as usize] = immediate[immediate[node as usize] as usize];
            }
        }
        immediate[root as usize] = root;
        Self { immediate, order }
    }

    /// What each node would free, were it gone: its own bytes, and those of all that depend on it.
    pub(crate) fn retained(&self, own: impl Fn(u32) -> u64) -> Vec<u64> {
        let mut retained: Vec<u64> = (0..self.immediate.len() as u32).map(own).collect();
        for node in self.order.iter().skip(1).rev().copied() {
            retained[self.immediate[node as usize] as usize] += retained[node as usize];
        }
        retained
    }
}

/// The nodes in the order in which a search meets them, and each one's parent; `number` gets the place of each in it.
fn depth_first(graph: &Graph, root: u32, number: &mut [u32]) -> (Vec<u32>, Vec<u32>) {
    let mut order = vec![root];
    let mut parent = vec![NONE; graph.nodes()];
    number[root as usize] = 0;
    let mut stack = vec![(root, 0)];
    while let Some((node, at)) = stack.pop() {
        let Some(to) = graph.out(node).get(at).copied() else { continue };
        stack.push((node, at + 1));
        if number[to as usize] == NONE {
            number[to as usize] = order.len() as u32;
            parent[to as usize] = node;
            order.push(to);
            stack.push((to, 0));
        }
    }
    (order, parent)
}

struct Search {
    /// The place of each node in the order of the search.
    number: Vec<u32>,
    semi: Vec<u32>,
    label: Vec<u32>,
    ancestor: Vec<u32>,
    path: Vec<u32>,
}

impl Search {
    /// Of the nodes above one in its tree, the one with the lowest semidominator.
    fn eval(&mut self, node: u32) -> u32 {
        if self.ancestor[node as usize] == NONE {
            return node;
        }
        let mut at = node;
        while self.ancestor[self.ancestor[at as usize] as usize] != NONE {
            self.path.push(at);
            at = self.ancestor[at as usize];
        }
        while let Some(below) = self.path.pop() {
            let above = self.ancestor[below as usize];
            let (label, other) = (self.label[below as usize], self.label[above as usize]);
            if self.semi[other as usize] < self.semi[label as usize] {
                self.label[below as usize] = other;
            }
            self.ancestor[below as usize] = self.ancestor[above as usize];
        }
        self.label[node as usize]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn of(nodes: usize, edges: &[(u32, u32)]) -> Vec<u32> {
        Dominators::of(&Graph::new(nodes, || edges.iter().copied()), 0).immediate
    }

    /// By the definition: what cannot be reached once a node is left out depends on it.
    fn by_definition(nodes: usize, edges: &[(u32, u32)]) -> Vec<u32> {
        let reached = |without: u32| {
            let mut seen = vec![false; nodes];
            let mut stack = if without == 0 { vec![] } else { vec![0] };
            while let Some(node) = stack.pop() {
                if node != without && !std::mem::replace(&mut seen[node as usize], true) {
                    stack.extend(edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to));
                }
            }
            seen
        };
        let all = reached(NONE);
        let without: Vec<_> = (0..nodes as u32).map(reached).collect();
        let dominates = |a: u32, b: u32| a == b || !without[a as usize][b as usize];
        (0..nodes as u32)
            .map(|node| match node {
                0 => 0,
                _ if !all[node as usize] => NONE,
                // The one that all other dominators of the node dominate.
                _ => (0..nodes as u32)
                    .filter(|a| *a != node && all[*a as usize] && dominates(*a, node))
                    .max_by_key(|a| (0..nodes as u32).filter(|b| all[*b as usize] && dominates(*b, *a)).count())
                    .unwrap(),
            })
            .collect()
    }

    #[test]
    fn dominators_are_those_of_the_definition_on_many_random_graphs() {
        let mut state = 1_u64;
        let mut random = move |below: u32| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % u64::from(below)) as u32
        };
        for _ in 0..300 {
            let nodes = 2 + random(12);
            let edges: Vec<_> = (0..random(3 * nodes)).map(|_| (random(nodes), random(nodes))).collect();
            assert_eq!(of(nodes as usize, &edges), by_definition(nodes as usize, &edges), "{edges:?}");
        }
    }

    #[test]
    fn a_node_retains_itself_and_what_depends_on_it() {
        // 1 and 2 both hold 3; 3 holds 4.
        let graph = Graph::new(5, || [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)].into_iter());
        let retained = Dominators::of(&graph, 0).retained(|node| 1 << node);
        assert_eq!(retained, [31, 2, 4, 24, 16]);
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "`cargo xtask figures lab` reads it")]
    fn a_chain_of_three_hundred_thousand_nodes_takes_no_time() {
        // Each of 10,000 realms has 30 objects that refer to it and to the shared one, and holds the realm before it.
        let (realms, each) = (10_000, 30);
        let nodes = 2 + realms * each;
        let edges = || {
            let realm = |number: u32| 2 + number * each;
            [(0, 1), (1, realm(realms - 1))].into_iter().chain((0..realms).flat_map(move |number| {
                let base = realm(number);
                let own = (1..each)
                    .flat_map(move |object| [(base, base + object), (base + object, base), (base + object, 1)]);
                own.chain((number > 0).then(|| (base + 7, realm(number - 1))))
            }))
        };
        let started = Instant::now();
        let dominators = Dominators::of(&Graph::new(nodes as usize, edges), 0);
        let taken = started.elapsed();
        assert_eq!(dominators.retained(|_| 1)[1], u64::from(nodes) - 1);
        println!("dominators of {nodes} nodes took {} s", taken.as_secs_f64());
        assert!(taken < Duration::from_millis(500), "{taken:?}");
    }
}
