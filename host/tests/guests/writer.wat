;; Grows its memory by 1 MiB and writes into as many pages of 4 KiB of that as its props say, at most 249. Into another one it writes, and
;; then writes back what was there.
(func $render (param $props i32) (param $length i32) (result i32)
  (local $left i32)
  (drop (memory.grow (i32.const 16)))
  (i32.store8 (i32.const 1089536) (i32.const 7))
  (i32.store8 (i32.const 1089536) (i32.const 0))
  (local.set $left (call $number (local.get $props) (local.get $length)))
  (block $end
    (loop $again
      (br_if $end (i32.eqz (local.get $left)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (i32.store8 (i32.add (i32.const 65536) (i32.mul (local.get $left) (i32.const 4096))) (i32.const 7))
      (br $again)))
  (call $text (local.get $props) (local.get $length)))
