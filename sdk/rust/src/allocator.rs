//! The global allocator of a component: it begins in an arena that is part of
//! the component's initial memory, and grows the memory only beyond that.
//!
//! Why: the host makes a fresh instance for every message. Growing its memory
//! costs two `mprotect` calls each time, which stop all threads of the host
//! from working on their memory maps; a small call that never grows is several
//! times cheaper.

// An allocator hands out raw memory; there is no safe way to write one.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::ptr;
use dlmalloc::{Allocator, Dlmalloc};

/// What a usual call needs, several times over. It is zeroed memory, so it
/// makes no component larger, and pages that are never touched cost nothing.
const ARENA_BYTES: usize = 1 << 20;
const PAGE_BYTES: usize = 1 << 16;
/// Memory beyond the arena is asked for in steps of at least this.
const STEP_BYTES: usize = 1 << 20;

#[repr(align(16))]
struct Arena(UnsafeCell<[u8; ARENA_BYTES]>);

// SAFETY: only `Memory::alloc` takes its address, once, on the only thread there is.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena(UnsafeCell::new([0; ARENA_BYTES]));

/// Where dlmalloc gets its memory: the arena first, then `memory.grow`.
struct Memory {
    arena_is_taken: UnsafeCell<bool>,
}

// SAFETY: the regions it gives out do not overlap: the arena once, and pages that
// `memory.grow` has just made. Both are zeroed, and neither is ever taken back.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        // SAFETY: a component has one thread, and nothing else touches the flag.
        let taken = unsafe { &mut *self.arena_is_taken.get() };
        if !*taken && size <= ARENA_BYTES {
            *taken = true;
            return (ARENA.0.get().cast(), ARENA_BYTES, 0);
        }
        [size.max(STEP_BYTES), size]
            .into_iter()
            .find_map(grow)
            .unwrap_or((ptr::null_mut(), 0, 0))
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

fn grow(size: usize) -> Option<(*mut u8, usize, u32)> {
    let pages = size.div_ceil(PAGE_BYTES);
    let start = wasm32::memory_grow::<0>(pages).checked_mul(PAGE_BYTES)?;
    // The last bytes of a 4 GiB memory have no address after them: leave them out.
    let end = start.saturating_add(pages * PAGE_BYTES);
    Some((start as *mut u8, (end - start) & !15, 0))
}

struct Heap(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: a component has one thread.
unsafe impl Sync for Heap {}
// SAFETY: as above.
unsafe impl Send for Memory {}

impl Heap {
    // SAFETY (for the callers): a component has one thread, and dlmalloc never
    // calls back into the allocator, so there is only one reference at a time.
    #[allow(clippy::mut_from_ref)]
    unsafe fn get(&self) -> &mut Dlmalloc<Memory> {
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: dlmalloc keeps the contract of `GlobalAlloc`; see `Heap::get` for the rest.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { self.get().malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { self.get().calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { self.get().free(block, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            self.get()
                .realloc(block, layout.size(), layout.align(), size)
        }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Memory {
    arena_is_taken: UnsafeCell::new(false),
})));
