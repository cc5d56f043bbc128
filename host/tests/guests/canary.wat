;; Looks at everything that a store can read for what another store left, and then leaves a marker everywhere. Gives
;; "clean", or says what it found. With the props "2" it does so twice in one store, and finds its own marker.
;;
;; Memory grows from 1 page to 16; of it only the answer's place, this data and the props are not zero at first.
(table $table 64 64 funcref)
(elem declare func $deep)
(global $one (mut i64) (i64.const 1))
(global $two (mut f64) (f64.const 2))
(global $three (mut i32) (i32.const 3))
(global $four (mut v128) (v128.const i64x2 4 4))
(data (i32.const 256) "clean")
(data (i32.const 264) "memory")
(data (i32.const 272) "globals")
(data (i32.const 280) "table")
(data (i32.const 288) "image")
(data (i32.const 60000) "image")
(global $marker i64 (i64.const 0x5a5a5a5a5a5a5a5a))

(func $render (param $props i32) (param $length i32) (result i32)
  (local $found i32)
  (if (i32.lt_u (memory.size) (i32.const 16))
    (then (drop (memory.grow (i32.sub (i32.const 16) (memory.size))))))
  (local.set $found (call $look))
  (call $mark)
  (if (i32.eq (i32.load8_u (local.get $props)) (i32.const 50))
    (then (local.set $found (call $look))))
  (if (i32.eqz (local.get $found)) (then (return (call $text (i32.const 256) (i32.const 5)))))
  (call $text (local.get $found) (i32.const 7)))

;; Where the word for what was found stands; 0 for nothing.
(func $look (result i32)
  (local $at i32)
  (if (i32.or (i32.ne (i32.load (i32.const 60000)) (i32.const 0x67616d69))
              (i32.ne (i32.load8_u (i32.const 60004)) (i32.const 101)))
    (then (return (i32.const 288))))
  ;; Behind the data up to the props' place, behind it to the data far out, and from there to the end.
  (if (i32.or (i32.or (call $holds (i32.const 296) (i32.const 4096))
                      (call $holds (i32.const 8192) (i32.const 60000)))
              (call $holds (i32.const 60008) (i32.shl (memory.size) (i32.const 16))))
    (then (return (i32.const 264))))
  (if (i32.or
        (i32.or (i64.ne (global.get $one) (i64.const 1)) (f64.ne (global.get $two) (f64.const 2)))
        (i32.or (i32.ne (global.get $three) (i32.const 3))
                (i64.ne (i64x2.extract_lane 1 (global.get $four)) (i64.const 4))))
    (then (return (i32.const 272))))
  (loop $entry
    (if (i32.eqz (ref.is_null (table.get $table (local.get $at)))) (then (return (i32.const 280))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $entry (i32.lt_u (local.get $at) (i32.const 64))))
  (i32.const 0))

;; Whether there is a byte that is not zero.
(func $holds (param $at i32) (param $end i32) (result i32)
  (loop $next
    (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (return (i32.const 1))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (i32.const 0))

(func $mark
  (memory.fill (i32.const 296) (i32.const 0x5a) (i32.const 3800))
  (memory.fill (i32.const 8192) (i32.const 0x5a) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 8192)))
  (global.set $one (global.get $marker))
  (global.set $two (f64.reinterpret_i64 (global.get $marker)))
  (global.set $three (i32.const 0x5a5a5a5a))
  (global.set $four (i64x2.splat (global.get $marker)))
  (table.fill $table (i32.const 0) (ref.func $deep) (i32.const 64))
  (drop (call $deep (i32.const 500) (global.get $marker) (global.get $marker) (global.get $marker) (global.get $marker)
    (global.get $marker) (global.get $marker) (global.get $marker) (global.get $marker))))

;; Fills the machine's stack: more is alive across the call than there are registers.
(func $deep (param $more i32) (param $a i64) (param $b i64) (param $c i64) (param $d i64)
  (param $e i64) (param $f i64) (param $g i64) (param $h i64) (result i64)
  (if (i32.eqz (local.get $more)) (then (return (local.get $a))))
  (i64.add
    (call $deep (i32.sub (local.get $more) (i32.const 1)) (local.get $b) (local.get $c) (local.get $d) (local.get $e)
      (local.get $f) (local.get $g) (local.get $h) (local.get $a))
    (i64.add
      (i64.add (i64.add (local.get $a) (local.get $b)) (i64.add (local.get $c) (local.get $d)))
      (i64.add (i64.add (local.get $e) (local.get $f)) (i64.add (local.get $g) (local.get $h))))))
