package dev.quoll.emulator.core;

import dev.quoll.bindings.code.CodeEntry;
import dev.quoll.bindings.code.ExecutableMemory;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Instruction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Runs hot blocks as host code. One per vCPU, on its thread.
 *
 * <p>A translated block has a head that enters its code. The code goes from block to block by itself: to blocks of the same page
 * through links, elsewhere through a jump cache. It comes out with all registers in the state block when an event is pending, and for
 * everything that it does not do itself: accesses that the soft TLB has no entry for, other instructions, unknown targets. Then the
 * instruction's own op does it, faults and all, and its successor is a block that enters the code again behind it. So there is one
 * set of semantics, the interpreter's, and translated code only does what cannot fail.
 *
 * <p>Everybody reaches a block's code through its cell, a pointer beside the code; dropping the block makes it point to code that
 * tells so. Nothing that has been written is changed while it can run.
 */
public final class NativeTier {
    /** Entries of the jump cache. */
    public static final int JUMPS = 1 << 15;

    public static final int JUMP_SHIFT = 5;
    public static final int JUMP_RIP = 0;
    public static final int JUMP_KEY = 8;
    /** Address of the target's cell. */
    public static final int JUMP_CELL = 16;

    /** Code of all vCPUs together takes no more than this, as long as each has {@link #LEAST_CODE_BYTES}. */
    private static final long CODE_BYTES = 64L << 20;

    private static final long MOST_CODE_BYTES = 32L << 20;
    private static final long LEAST_CODE_BYTES = 4L << 20;
    /** More than one block's code can take. */
    private static final int ROOM = 64 << 10;

    /** Two quadwords: of a block its code's address and that of the code for dropped blocks; of a link see {@link BlockCode.Exits}. */
    private static final int CELL_BYTES = 16;

    /** Bytes of code for each cell: enough cells for blocks of two links. */
    private static final int CODE_PER_CELL = 128;

    private final CpuLoop cpu;
    private final BlockCode translator;
    private final Decoder decoder;
    private final ExecutableMemory memory;
    private final MemorySegment table;
    private final long jumps;
    private final long cells;
    private final long thunk;
    private final long leave;
    private final long stale;
    private final long codeStart;
    private long used;
    private final int mostCells;
    private int cellCount;
    private NativeBlock[] cellBlock = new NativeBlock[256];

    /** What an exit means. */
    private enum Kind {
        STALE,
        INTERPRET,
        NORMALIZE,
        GO,
        EVENT,
        LINK
    }

    private Kind[] exitKind = new Kind[1024];
    private NativeBlock[] exitBlock = new NativeBlock[1024];
    /** Instruction, or target offset. */
    private int[] exitIndex = new int[1024];

    private int[] exitTarget = new int[1024];
    private long[] exitLink = new long[1024];
    private long[] exitTaken = new long[1024];
    /** For the figures: what the interpreter is wanted for, or the kind. */
    private String[] exitCause = new String[1024];
    private int exitCount;

    private final byte[] page = new byte[4096 + Decoder.MAX_LENGTH];

    // Figures.
    long translated;
    long refused;
    long entries;
    long drops;
    private final Map<String, Long> exitCauses = new HashMap<>();
    private static final int MOST_CAUSES = 20;

    /** A block with host code. */
    private static final class NativeBlock {
        final Block block;
        /** The op of each instruction, or null. */
        final Op[] ops;

        final int[] starts;
        long fresh;
        long[] resume;
        boolean[] wantsFlags;
        /** Where an exit comes back to, by instruction. */
        final Block[] back;

        NativeBlock(Block block, int[] starts) {
            this.block = block;
            this.starts = starts;
            ops = new Op[starts.length];
            back = new Block[starts.length];
        }
    }

    /** @param cpus vCPUs that translate */
    NativeTier(CpuLoop cpu, Arena arena, BlockCode translator, Decoder decoder, int cpus) {
        this.cpu = cpu;
        this.translator = translator;
        this.decoder = decoder;
        long size = Math.clamp(CODE_BYTES / cpus, LEAST_CODE_BYTES, MOST_CODE_BYTES);
        memory = ExecutableMemory.allocate(size);
        mostCells = (int) (size / CODE_PER_CELL);
        table = arena.allocate(((long) JUMPS << JUMP_SHIFT) + (long) mostCells * CELL_BYTES, 64);
        jumps = table.address();
        cells = jumps + ((long) JUMPS << JUMP_SHIFT);
        newExit(Kind.STALE, null, 0, 0, 0);
        BlockCode.Frame frame = translator.frame(0);
        long base = memory.write(0, frame.code());
        thunk = base + frame.entry();
        leave = base + frame.leave();
        stale = base + frame.stale();
        codeStart = frame.code().length + 63 & -64;
        reset();
    }

    /** Forgets all code. No block that has some may be left. */
    void reset() {
        drops++;
        synchronized (exitCauses) {
            collectCauses(exitCauses);
        }
        used = codeStart;
        cellCount = 0;
        Arrays.fill(cellBlock, null);
        Arrays.fill(exitBlock, null);
        exitTaken[0] = 0;
        exitCount = 1;
        // -1 is no key: the lower half is a mode.
        table.asSlice(0, (long) JUMPS << JUMP_SHIFT).fill((byte) -1);
    }

    void close() {
        memory.close();
    }

    private void put(long address, long value) {
        HostMemory.putLong(table, address, value);
    }

    private int newExit(Kind kind, NativeBlock block, int index, int target, long link) {
        if (exitCount == exitKind.length) {
            int size = 2 * exitCount;
            exitKind = Arrays.copyOf(exitKind, size);
            exitBlock = Arrays.copyOf(exitBlock, size);
            exitIndex = Arrays.copyOf(exitIndex, size);
            exitTarget = Arrays.copyOf(exitTarget, size);
            exitLink = Arrays.copyOf(exitLink, size);
            exitTaken = Arrays.copyOf(exitTaken, size);
            exitCause = Arrays.copyOf(exitCause, size);
        }
        exitKind[exitCount] = kind;
        exitBlock[exitCount] = block;
        exitIndex[exitCount] = index;
        exitTarget[exitCount] = target;
        exitLink[exitCount] = link;
        exitTaken[exitCount] = 0;
        exitCause[exitCount] = kind.name().toLowerCase(Locale.ROOT);
        return exitCount++;
    }

    private long newCell(NativeBlock block) {
        if (cellCount == cellBlock.length) {
            cellBlock = Arrays.copyOf(cellBlock, 2 * cellCount);
        }
        cellBlock[cellCount] = block;
        return cells + (long) CELL_BYTES * cellCount++;
    }

    private int number(long cell) {
        return (int) ((cell - cells) / CELL_BYTES);
    }

    private boolean full() {
        return used + ROOM > memory.size() || cellCount + 4 * BlockBuilder.LONGEST_BLOCK > mostCells;
    }

    // Translating.

    /** A block has become hot; it is not running. May drop all code. */
    void hot(Block block) {
        if (block.stale || !Mode.is64(block.mode) || block.secondPage != null || block.end > 4096 || block.page.pageIndex < 0) {
            return;
        }
        if (full()) {
            cpu.dropAllCode();
            return;
        }
        NativeBlock made = translate(block);
        if (made == null) {
            refused++;
        } else {
            translated++;
        }
    }

    private NativeBlock translate(Block block) {
        HostMemory.read(cpu.physical.ram, cpu.physical.ramBase + ((long) block.page.pageIndex << 12), page, 0, 4096);
        Instruction[] instructions = new Instruction[block.count];
        int[] starts = new int[block.count];
        int count = 0;
        int ip = block.ip;
        while (count < block.count && ip < block.end) {
            Decoded decoded = decoder.decode(page, ip, 4096, Mode.codeSize(block.mode));
            if (!(decoded instanceof Instruction instruction)) {
                return null;
            }
            instructions[count] = instruction;
            starts[count++] = ip;
            ip += instruction.length();
        }
        if (count != block.count || ip != block.end) {
            return null;
        }
        NativeBlock made = new NativeBlock(block, starts);
        boolean[] interpreted = new boolean[count];
        Op last = match(made, interpreted);
        boolean fallsThrough = last instanceof NextBlock;
        if (!fallsThrough && last.ip != starts[count - 1] && !(count > 1 && last.ip == starts[count - 2])) {
            return null;
        }
        Collector collector = new Collector(made, instructions);
        boolean known = block.cell != 0;
        long cell = known ? block.cell : newCell(made);
        BlockCode.Made code = translator.translate(
                new BlockCode.Source(block.mode, page, instructions, starts, block.end, fallsThrough, interpreted),
                collector,
                memory.address() + used,
                leave,
                jumps);
        if (code == null) {
            if (!known) {
                cellBlock[--cellCount] = null;
            }
            return null;
        }
        long address = memory.write(used, code.code());
        used = used + code.code().length + 31 & -32;
        collector.resolve(address);
        made.fresh = address + code.fresh();
        made.resume = new long[count];
        for (int i = 0; i < count; i++) {
            made.resume[i] = code.resume()[i] < 0 ? 0 : address + code.resume()[i];
        }
        made.resume[0] = made.fresh;
        made.wantsFlags = code.wantsFlags();
        for (int i : collector.normalized) {
            made.wantsFlags[i] = true;
        }
        cellBlock[number(cell)] = made;
        put(cell, address + code.entry());
        put(cell + 8, stale);
        block.cell = cell;
        reenter(made, instructions);
        Head head = new Head(this, made);
        head.ip = (short) block.ip;
        block.head = head;
        return made;
    }

    /** Finds the op of each instruction; gives the last op of the block. */
    private static Op match(NativeBlock made, boolean[] interpreted) {
        int index = 0;
        Op last = null;
        for (Op op = made.block.head; op != null; op = op.next) {
            last = op;
            while (index < made.starts.length && made.starts[index] < op.ip) {
                index++;
            }
            if (index < made.starts.length && made.starts[index] == op.ip && !(op instanceof NextBlock)) {
                made.ops[index] = op;
                interpreted[index] = true;
            }
        }
        return last;
    }

    /** Makes ops that the code has left to go back to it, where it can be entered behind them. */
    private void reenter(NativeBlock made, Instruction[] instructions) {
        for (int i = 0; i < made.starts.length; i++) {
            if (made.resume[i] != 0) {
                Resumption head = new Resumption(this, made, i);
                head.ip = (short) made.starts[i];
                made.back[i] = new Block(made.block.page, made.starts[i], made.block.end, made.block.mode, 0, head);
                made.back[i].heat = Integer.MAX_VALUE;
            }
        }
        for (int i = 0; i + 1 < made.starts.length && !instructions[i].row().has(Attribute.SHADOW); i++) {
            Op op = made.ops[i];
            if (op != null && op.hasSuccessor() && made.back[i + 1] != null) {
                op.next = new Return(made.back[i + 1]);
                op.next.ip = (short) made.starts[i + 1];
            }
        }
    }

    private final class Collector implements BlockCode.Exits {
        private final NativeBlock made;
        private final Instruction[] instructions;
        private int[] normalized = {};
        private long[] links = new long[4];
        private int[] linkExits = new int[4];
        private int[] positions = new int[4];
        private int linkCount;

        Collector(NativeBlock made, Instruction[] instructions) {
            this.made = made;
            this.instructions = instructions;
        }

        @Override
        public int interpret(int index) {
            int exit = newExit(Kind.INTERPRET, made, index, 0, 0);
            Instruction instruction = instructions[index];
            exitCause[exit] = instruction.mnemonic().name() + (instruction.memory() == null ? "" : "-memory");
            return exit;
        }

        @Override
        public int normalize(int index) {
            normalized = Arrays.copyOf(normalized, normalized.length + 1);
            normalized[normalized.length - 1] = index;
            return newExit(Kind.NORMALIZE, made, index, 0, 0);
        }

        @Override
        public int go(int index, int target) {
            return newExit(Kind.GO, made, index, target, 0);
        }

        @Override
        public int event() {
            return newExit(Kind.EVENT, made, 0, 0, 0);
        }

        @Override
        public long link(int target) {
            if (linkCount == links.length) {
                links = Arrays.copyOf(links, 2 * linkCount);
                linkExits = Arrays.copyOf(linkExits, 2 * linkCount);
                positions = Arrays.copyOf(positions, 2 * linkCount);
            }
            long link = newCell(null);
            links[linkCount] = link;
            linkExits[linkCount++] = newExit(Kind.LINK, made, 0, target, link);
            return link;
        }

        private int indexOf(long link) {
            int index = 0;
            while (links[index] != link) {
                index++;
            }
            return index;
        }

        @Override
        public int exitOf(long link) {
            return linkExits[indexOf(link)];
        }

        @Override
        public void place(long link, int position) {
            positions[indexOf(link)] = position;
        }

        void resolve(long address) {
            for (int i = 0; i < linkCount; i++) {
                put(links[i], links[i] + 8);
                put(links[i] + 8, address + positions[i]);
            }
        }
    }

    // Running.

    /** The head of a translated block. */
    private static final class Head extends Op {
        private final NativeTier tier;
        private final NativeBlock code;

        Head(NativeTier tier, NativeBlock code) {
            this.tier = tier;
            this.code = code;
        }

        @Override
        public Block run(Cpu cpu) {
            tier.remember(code);
            return tier.enter(code, code.block, code.fresh, false);
        }
    }

    /** Enters translated code in the midst of its block. */
    private static final class Resumption extends Op {
        private final NativeTier tier;
        private final NativeBlock code;
        private final int index;

        Resumption(NativeTier tier, NativeBlock code, int index) {
            this.tier = tier;
            this.code = code;
            this.index = index;
        }

        @Override
        public Block run(Cpu cpu) {
            if (code.block.stale) {
                cpu.setRip(rip(cpu));
                return null;
            }
            return tier.enter(code, code.back[index], code.resume[index], code.wantsFlags[index]);
        }
    }

    /** Ends an interpreted stretch within a translated block. */
    private static final class Return extends Op {
        private final Block back;

        Return(Block back) {
            this.back = back;
        }

        @Override
        public Block run(Cpu cpu) {
            return back;
        }
    }

    /** Stands at a branch that faults. */
    private static final class Place extends Op {
        @Override
        public Block run(Cpu cpu) {
            throw new IllegalStateException("a place in the code is not to be run");
        }
    }

    /** Enters the block into the jump cache. */
    private void remember(NativeBlock code) {
        long rip = cpu.get64(StateLayout.RIP_BASE) + code.block.ip;
        long entry = jumps + (((rip ^ rip >>> 12) & JUMPS - 1) << JUMP_SHIFT);
        if (HostMemory.getLong(table, entry + JUMP_RIP) != rip || HostMemory.getLong(table, entry + JUMP_KEY) != cpu.key()) {
            put(entry + JUMP_RIP, rip);
            put(entry + JUMP_KEY, cpu.key());
        }
        put(entry + JUMP_CELL, code.block.cell);
    }

    private Block enter(NativeBlock code, Block here, long address, boolean nativeFlags) {
        cpu.put32(StateLayout.POLL, 0);
        VarHandle.fullFence();
        if (cpu.events() != 0) {
            return here;
        }
        if (nativeFlags) {
            cpu.toNative();
        }
        cpu.set64(StateLayout.TLB_BASE, cpu.tlb);
        cpu.put32(StateLayout.PRIVILEGE, cpu.cpl);
        cpu.set64(StateLayout.JUMP_KEY, cpu.key());
        cpu.set64(StateLayout.ENTRY, address);
        entries++;
        CodeEntry.call(thunk, cpu.state);
        cpu.fromNative();
        if (cpu.get32(StateLayout.X87_NOTED) != 0) {
            completePointers();
        }
        cpu.instructions += cpu.get64(StateLayout.ENTERED);
        cpu.set64(StateLayout.ENTERED, 0);
        int exit = cpu.get32(StateLayout.EXIT);
        exitTaken[exit]++;
        NativeBlock from = exitBlock[exit];
        switch (exitKind[exit]) {
            case INTERPRET -> {
                cpu.current = from.block;
                return from.ops[exitIndex[exit]].run(cpu);
            }
            case LINK -> {
                cpu.current = from.block;
                Block target = cpu.blockInPage(exitTarget[exit]);
                if (target != null && target.cell != 0) {
                    put(exitLink[exit], target.cell);
                }
                return target;
            }
            case EVENT -> {
                return from.block;
            }
            case GO -> {
                long rip = cpu.get64(StateLayout.RIP_BASE) + exitTarget[exit];
                if (!cpu.canonical(rip)) {
                    Place place = new Place();
                    place.ip = (short) from.starts[exitIndex[exit]];
                    cpu.checkTarget(place, rip);
                }
                return cpu.jump(rip);
            }
            case NORMALIZE -> {
                return from.back[exitIndex[exit]];
            }
            case STALE -> {
                long cell = cpu.get64(StateLayout.STALE_CELL);
                Block gone = cellBlock[number(cell)].block;
                Block successor = gone.page.find(gone.ip, gone.mode);
                if (successor != null && successor.cell == 0) {
                    // Those who have the cell reach the new block once it is translated.
                    successor.cell = cell;
                }
                cpu.setRip(cpu.get64(StateLayout.RIP_BASE) + gone.ip);
                return null;
            }
        }
        throw new IllegalStateException("translated code has left by an unknown exit " + exit);
    }

    /** The selectors that belong to the pointers to the last x87 instruction and its operand. */
    private void completePointers() {
        int noted = cpu.get32(StateLayout.X87_NOTED);
        int segment = (noted >>> 8) - 1;
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, cpu.selector[RegisterFile.CS]);
        if (segment >= 0) {
            cpu.put32(StateLayout.X87_DATA_SELECTOR, cpu.selector[segment]);
        }
        cpu.put32(StateLayout.X87_NOTED, 0);
    }

    /** A block is dropped: whoever jumps to its code is told so. */
    static void drop(long cell) {
        HostMemory.putLong(null, cell, HostMemory.getLong(null, cell + 8));
    }

    String statistics() {
        return "translated-blocks %d%ntranslated-refused %d%ntranslated-bytes %d%ntranslated-entries %d%ntranslated-drops %d%n"
                .formatted(translated, refused, used, entries, drops)
                + causes();
    }

    /** How often code was left, and how often by cause: the most frequent first. Any thread; the vCPU's may count on meanwhile. */
    private String causes() {
        Map<String, Long> total;
        synchronized (exitCauses) {
            total = new HashMap<>(exitCauses);
        }
        collectCauses(total);
        StringBuilder text = new StringBuilder("translated-exits %d%n"
                .formatted(total.values().stream().mapToLong(Long::longValue).sum()));
        total.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MOST_CAUSES)
                .filter(each -> each.getValue() > 0)
                .forEach(each -> text.append("translated-exit-%s %d%n".formatted(each.getKey(), each.getValue())));
        return text.toString();
    }

    private void collectCauses(Map<String, Long> total) {
        String[] causes = exitCause;
        long[] taken = exitTaken;
        for (int exit = 0; exit < Math.min(exitCount, Math.min(causes.length, taken.length)); exit++) {
            if (causes[exit] != null) {
                total.merge(causes[exit], taken[exit], Long::sum);
            }
        }
    }
}
