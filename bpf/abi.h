/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the kernel side and user space share: limits, table layouts, map keys, records, and the one
 * list each of stop reasons and losses.  Compiles as BPF and as host C.  Not for anything only one
 * side needs, and not for processes, files or formats.
 */
#ifndef CTRACE_BPF_ABI_H
#define CTRACE_BPF_ABI_H

#ifdef __bpf__
#include "vmlinux_min.h"
#else
#include <stdint.h>
#endif

/* ---- limits ---- */

#define CTRACE_MAX_FRAMES	 512 /* user frames a walk records; deeper is the stop "max_frames" */
#define CTRACE_MAX_KERNEL_FRAMES 127 /* PERF_MAX_STACK_DEPTH, what bpf_get_stack gives at most */
#define CTRACE_COMM_LEN		 16  /* TASK_COMM_LEN */
#define CTRACE_NR_REGS		 16  /* general purpose registers of x86-64, DWARF numbering */

#define CTRACE_BLOCK_SHIFT	 10 /* one index entry per 1 KiB of text (unwinders.md 3.1) */
#define CTRACE_BLOB_WORDS	 (1 << 18) /* u32 words of a blob: 1 MiB, KMALLOC_MAX of old kernels */
#define CTRACE_MAX_BLOBS	 4096	   /* slots of the outer map: 4 GiB of tables */
#define CTRACE_MAX_RULES	 65536	   /* a row has 16 bits for its rule */
#define CTRACE_MAX_MAPPINGS	 1024	   /* executable ranges in one table */
#define CTRACE_MAX_PAGES	 64	   /* tables of one process: 65,536, vm.max_map_count */
#define CTRACE_MAX_PROCESSES	 4096	   /* tgids known at once */
#define CTRACE_MAX_SLOTS	 4096	   /* mapping tables alive at once */
#define CTRACE_MAX_OBJECTS	 1024 /* objects findable by file; more are found by mapping only */
#define CTRACE_MAX_OBJECT_RANGES 6    /* blobs an object may lie in to be findable by file */
#define CTRACE_MAX_RECENT	 16   /* mappings learned before user space publishes them */
#define CTRACE_RECENT_ENTRIES	 512  /* processes that have some at once */
#define CTRACE_RAMP_SPAN	 16   /* bytes of code one ramp row covers */
#define CTRACE_MAX_BLOCK_ROWS	 1024 /* rows of one 1 KiB block: one a byte at most */

#define CTRACE_COUNT_ENTRIES 16384     /* distinct stacks until user space swaps the count map */
#define CTRACE_COUNT_MAPS    2	       /* one in use, one being drained */
#define CTRACE_RING_BYTES    (1 << 20) /* 2,000 new stacks of 60 frames until it must be read */

/* ---- unwind tables ---- */

/*
 * A row is pc16 << 16 | rule: the low 16 bits of the vaddr where it begins and the rule that holds
 * from there.  Inside one block rows compare as integers; the row that governs a pc is the last
 * one with row <= (pc16 << 16 | 0xffff), in an empty block the last row of the blocks before it.
 */
#define CTRACE_ROW(pc16, rule) ((uint32_t)(pc16) << 16 | (rule))
#define CTRACE_ROW_PC16(row)   ((row) >> 16)
#define CTRACE_ROW_RULE(row)   ((row)&0xffff)

/* X(name, "what it is").  N is unwind_rule.cfa_off, M is unwind_rule.x. */
#define CTRACE_CFA_KINDS(X)                                                  \
	X(NONE, "no rule; x is the enum unwind_none reason")                 \
	X(RSP, "rsp+N")                                                      \
	X(RBP, "rbp+N")                                                      \
	X(REG, "register x + N; frame 0 or right after a signal frame only") \
	X(PLT11, "rsp+8+8*((pc&15)>=11): PLT entries with an 11-byte head")  \
	X(PLT10, "rsp+8+8*((pc&15)>=10)")                                    \
	X(DEREF_RSP, "*(rsp+N)+M")                                           \
	X(DEREF_RBP, "*(rbp+N)+M")                                           \
	X(RSP_R9, "*(rsp+8+8*r9)+8: OpenSSL's bn assembly")                  \
	X(SIGNAL, "signal frame: every register is in the ucontext at rsp")  \
	X(STOP, "return address undefined: the outermost frame")             \
	X(OTHER_STACK, "rbp+N on another stack, wherever that lies")         \
	X(CLONE, "rsp+N, the outermost frame if rax is 0: behind clone()")   \
	X(RBP_RA, "rbp+N, the return address at CFA-8+M: libgcc leaving by eh_return")

enum cfa_kind {
#define X(name, text) CFA_##name,
	CTRACE_CFA_KINDS(X)
#undef X
		NR_CFA_KINDS
};

/* O is 8 * unwind_rule.rbp_off8, D the distance of pc from the row in bytes. */
#define CTRACE_RBP_KINDS(X)                                                     \
	X(SAME, "unchanged")                                                    \
	X(CFA, "saved at CFA+O")                                                \
	X(CFA_FROM, "saved at CFA+O once D >= rbp_step, unchanged before")      \
	X(CFA_UNTIL, "saved at CFA+O while D < rbp_step, unchanged from there") \
	X(DEREF_RBP, "saved at rbp+O")                                          \
	X(DEREF_RSP, "saved at rsp+O")                                          \
	X(REALIGN, "saved at ((CFA-8)&-64)+O")                                  \
	X(REG, "in register x (never together with another use of x)")          \
	X(UNDEFINED, "lost")

enum rbp_kind {
#define X(name, text) RBP_##name,
	CTRACE_RBP_KINDS(X)
#undef X
		NR_RBP_KINDS
};

/* unwind_rule.flags */
#define RULE_RAMP_DOWN	 0x01 /* each step of the ramp takes 8 from N instead of adding 8 */
#define RULE_RA_REGISTER 0x02 /* return address is in register x, not at CFA-8 */
/*
 * Only objects that have a CFA in RBX below frame 0 (ld.so's lazy binding) say what becomes of it;
 * without either flag RBX is lost when the frame is left.
 */
#define RULE_RBX_SAVED 0x04 /* at CFA + x */
#define RULE_RBX_KEPT  0x08 /* unchanged */
#define RULE_DERIVED   0x10 /* found by reading the code: the frame counts as guessed */

/* Why a row could not be expressed: X(name, "json_name", "text"). */
#define CTRACE_NONE_REASONS(X)                                                           \
	X(GAP, "gap", "no FDE covers it")                                                \
	X(FRAMED, "framed", "code with frame pointers, left to them for time")           \
	X(CFA_EXPRESSION, "cfa_expression", "CFA expression of an unknown form")         \
	X(CFA_REGISTER, "cfa_register", "CFA register outside the general purpose ones") \
	X(CFA_OFFSET, "cfa_offset", "CFA offset beyond 32 bits")                         \
	X(RBP_EXPRESSION, "rbp_expression", "RBP expression of an unknown form")         \
	X(RBP_OFFSET, "rbp_offset", "RBP offset unaligned or beyond 256 KiB")            \
	X(RBP_RULE, "rbp_rule", "RBP rule of another kind")                              \
	X(RA_RULE, "ra_rule", "return address neither at CFA-8 nor in a register")       \
	X(COMBINATION, "combination", "two rules that need the same field")              \
	X(BAD_CFI, "bad_cfi", "damaged or unknown CFA instruction")                      \
	X(RULES_FULL, "rules_full", "no rule number left")

enum unwind_none {
#define X(name, json, text) NONE_##name,
	CTRACE_NONE_REASONS(X)
#undef X
		NR_UNWIND_NONE
};
/* From this reason on there are rules that have no expression; before, there are none. */
#define NONE_INEXPRESSIBLE NONE_CFA_EXPRESSION

/*
 * How to find the caller.  A ramp: ramp_mask bit b set means that from b+1 bytes after the row on,
 * N is 8 more (or less, RULE_RAMP_DOWN) than before; only with CFA_RSP.
 * N(pc) = cfa_off +- 8 * popcount(ramp_mask & ((1 << min(D, 16)) - 1)).
 */
struct unwind_rule {
	int32_t cfa_off;
	int16_t rbp_off8;
	uint8_t cfa_kind;
	uint8_t rbp_kind;
	uint16_t ramp_mask;
	uint8_t flags;
	uint8_t rbp_step;
	int32_t x;
};
_Static_assert(sizeof(struct unwind_rule) == 16, "a rule is one 16-byte load");

struct unwind_blob {
	uint32_t word[CTRACE_BLOB_WORDS];
};

struct unwind_rules {
	struct unwind_rule rule[CTRACE_MAX_RULES];
};

/* ---- mappings of a process ---- */

/* mapping_entry.blob of ranges whose object has no table (yet): walked by fallback, then stop. */
#define MAPPING_NO_TABLE 0xffffffffu
/* The kernel's uprobe trampoline page. */
#define MAPPING_UPROBES 0xfffffffeu
/* Code made at run time: walked by frame pointer where it keeps one. */
#define MAPPING_JIT	      0xfffffffdu
#define MAPPING_SPECIAL(blob) ((blob) >= MAPPING_JIT)

/* vaddr = pc - bias; the index entry of a pc is word[index_base + (vaddr >> 10)] (mod 2^32). */
struct mapping_entry {
	uint64_t end;
	uint64_t bias;
	uint32_t blob;
	uint32_t index_base;
};

/*
 * Value of a slot's map: one generation of a process's executable ranges, sorted by start, not
 * overlapping.  Written once, before any process is assigned to the slot, and never changed while
 * one is: a walk sees one whole table or another.  Forked processes share it until one changes.
 *
 * More ranges than fit: a directory.  Its entry i stands for the table in the slot index_base, a
 * page, of which the first range begins at start[i].  Generations share pages that are equal.
 */
struct mapping_table {
	uint32_t nr;
	uint32_t generation;	/* unique among all tables ever published, never 0 */
	uint64_t as_of_ns;	/* everything that happened before is in it (CLOCK_MONOTONIC) */
	uint64_t jit_timed_ns;	/* since then it is known when such code came; 0: it is not */
	uint32_t jit_keeps_rbp; /* 1: such code is known to keep frame pointers */
	uint32_t jit_registers; /* 1: such code is registered for debuggers, who reads it hears */
	uint32_t is_directory;
	uint32_t reserved;
	uint64_t start[CTRACE_MAX_MAPPINGS];
	struct mapping_entry entry[CTRACE_MAX_MAPPINGS];
};

/*
 * Value of the process map; the key is the tgid.  Kept by the BPF programs alone: they see every
 * fork, exec and exit as it happens, so a reused pid can never meet its former owner's entry.
 */
struct process_entry {
	uint32_t execs; /* times it called exec */
	uint32_t reserved;
	uint64_t unknown_ns; /* when user space was last told of an unknown pc */
	uint64_t doubt_ns;   /* tables older than this are not to be trusted; 0: all are */
};

/* Value of the assignment map; the key is the tgid.  Written by user space, copied by fork. */
struct slot_assignment {
	uint32_t slot;
	uint32_t execs; /* of the image the tables are for; another image has none yet */
};
#define PROCESS_NO_SLOT 0xffffffffu
/* An unknown pc is reported at most this often per process. */
#define UNKNOWN_INTERVAL_NS 20000000ull

/*
 * An object by its file, for code the process's own table does not cover yet (a library mapped, or
 * a program called, a moment ago): learned when its first instruction faults in.
 */
struct object_key {
	uint64_t inode;
	uint32_t dev; /* as the kernel keeps it: major << 20 | minor */
	uint32_t reserved;
};

/* Text with rows in one blob; vaddr = file offset + delta. */
struct object_range {
	uint64_t off_begin;
	uint64_t off_end;
	uint64_t delta;
	uint32_t blob;
	uint32_t index_base;
};

struct object_ranges {
	uint32_t nr;
	uint32_t reserved;
	struct object_range range[CTRACE_MAX_OBJECT_RANGES];
};

/*
 * Mappings the BPF side has learned by itself since user space last published the process's table.
 * The key is the tgid.  Entries are added only; an entry is valid when its end is not 0.
 */
struct recent_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t bias;
	uint32_t blob;
	uint32_t index_base;
};

struct recent_mappings {
	uint32_t execs; /* image they belong to */
	uint32_t nr;	/* entries given out so far; the oldest is overwritten */
	struct recent_mapping entry[CTRACE_MAX_RECENT];
};

/* ---- how a walk ends ---- */

/* X(name, "json_name", complete, "text").  complete: the stack is whole, nothing was cut off. */
#define CTRACE_STOPS(X)                                                                       \
	X(END_OF_STACK, "end_of_stack", 1, "reached the outermost frame")                     \
	X(KERNEL_ONLY, "kernel_only", 1, "kernel thread, or a task that gave up its memory")  \
	X(NO_USER, "no_user", 1, "user frames were not asked for")                            \
	X(NO_PROCESS, "no_process", 0, "process seen before its tables were ready")           \
	X(NO_MAPPING, "no_mapping", 0, "pc outside every known mapping")                      \
	X(NO_TABLE, "no_table", 0, "object without unwind table")                             \
	X(NO_ROW, "no_row", 0, "code without unwind information")                             \
	X(BAD_RULE, "bad_rule", 0, "unwind rule that could not be expressed")                 \
	X(LOST_REGISTER, "lost_register", 0, "rule needs a register that is no longer known") \
	X(READ_FAULT, "read_fault", 0, "stack memory not readable")                           \
	X(NO_PROGRESS, "no_progress", 0, "the stack pointer did not move up")                 \
	X(ZERO_RETURN, "zero_return", 0, "return address 0 where no rule ends the stack")     \
	X(NO_CALL, "no_call", 0, "return address behind no call")                             \
	X(MAX_FRAMES, "max_frames", 0, "deeper than the frame limit")                         \
	X(JIT_FRAME, "jit_frame", 0, "code made at run time without frame pointers")          \
	X(UPROBE_RETURN, "uprobe_return", 0, "return probe's trampoline without its record")  \
	X(COMPAT, "compat", 0, "32-bit code")                                                 \
	X(INTERNAL, "internal", 0, "a map or helper failed")

enum unwind_stop {
#define X(name, json, complete, text) STOP_##name,
	CTRACE_STOPS(X)
#undef X
		NR_UNWIND_STOPS
};
#define STOP_CONTINUE (-1) /* what a step returns when there is a caller to go on with */

/* ---- hits that left no stack: X(name, "json_name", "text") ---- */

#define CTRACE_LOSSES(X)                                                   \
	X(RING_FULL, "ring_full", "ring buffer full")                      \
	X(MAP_FULL, "map_full", "count map full")                          \
	X(SCRATCH_BUSY, "scratch_busy", "no free scratch slot on the CPU") \
	X(RECURSION, "recursion", "probe hit inside another BPF program")  \
	X(THROTTLED, "throttled", "perf throttled the sampling")

enum sample_loss {
#define X(name, json, text) LOSS_##name,
	CTRACE_LOSSES(X)
#undef X
		NR_SAMPLE_LOSSES
};

/* Value of the per-CPU array of counters: one of each scratch slot, as nobody else adds to it. */
struct walk_counters {
	uint64_t samples; /* hits of the target that produced a stack */
	uint64_t frames;
	uint64_t guessed_frames;
	uint64_t stops[NR_UNWIND_STOPS];
	uint64_t losses[NR_SAMPLE_LOSSES];
};

/* ---- knobs of the programs ---- */

/* Set before loading. */
struct program_config {
	uint32_t max_frames;
	uint32_t want_kernel;
	uint32_t want_user;
	uint32_t per_thread;
	uint32_t follow_children;
	uint32_t reserved;
};

/* Written while running. */
struct program_state {
	uint32_t enabled;
	uint32_t count_map;   /* which of the CTRACE_COUNT_MAPS is in use */
	uint64_t max_samples; /* 0 = no limit */
	uint64_t nr_samples;  /* counted only under a limit */
	/* ctrace's own pid namespace: its address in the kernel, or 0 if it is the outermost. */
	uint64_t pid_namespace;
	uint32_t pid_level;
	uint32_t tell_dropped; /* of processes without perf events: RECORD_DROPPED */
};

/*
 * Scratch for a walk, per CPU.  A perf event may interrupt every other program, so it has a slot
 * of its own; uprobe programs can be preempted by one another and claim one of several.
 */
enum scratch_slot {
	SCRATCH_PERF_EVENT,
	SCRATCH_KERNEL_PROBE,
	SCRATCH_UPROBE,
	NR_SCRATCH = SCRATCH_UPROBE + 4,
};

/* ---- records in the ring buffer ---- */

enum record_type {
	RECORD_STACK = 1,   /* struct stack_record: the frames of a key seen for the first time */
	RECORD_WEIGHT = 2,  /* struct stack_record without frames: weight the map had no room for */
	RECORD_UNKNOWN = 3, /* struct unknown_record: a pc no mapping covers, please repair */
	RECORD_DROPPED = 4, /* struct dropped_record: a process the kernel took the events of */
};

/* A stack frame is its pc; user addresses need 57 bits at most, the upper ones are flags. */
#define FRAME_EXACT   (1ull << 63) /* pc of the instruction itself, not a return address */
#define FRAME_GUESSED (1ull << 62) /* found without CFI */
#define FRAME_PC_MASK ((1ull << 58) - 1)

struct stack_key {
	uint64_t
		hash[2]; /* over everything in stack_record from tgid on, without weight and time */
};

struct stack_record {
	uint32_t type;
	uint32_t probe; /* index of the probe, in the order of the command line */
	struct stack_key key;
	uint64_t weight;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint32_t tgid;
	uint32_t tid;	     /* 0 unless threads are told apart */
	uint32_t generation; /* mapping_table.generation the walk used */
	uint32_t slot;	     /* PROCESS_NO_SLOT: walked without tables */
	uint32_t stop;	     /* enum unwind_stop */
	uint16_t nr_user;
	uint16_t nr_kernel;
	uint32_t execs;	 /* process_entry.execs: which image of the process it was */
	uint32_t lesson; /* recent_mappings.nr if the table was in doubt: time_ns tells more */
	char comm[CTRACE_COMM_LEN];
	/* u64 frames follow, leaf first: nr_kernel plain addresses, then nr_user frames */
};
_Static_assert(sizeof(struct stack_record) % 8 == 0, "frames follow aligned");

struct unknown_record {
	uint32_t type;
	uint32_t tgid;
	uint64_t pc;
};

struct dropped_record {
	uint32_t type;
	uint32_t tgid;
	uint64_t time_ns;
};

#endif
