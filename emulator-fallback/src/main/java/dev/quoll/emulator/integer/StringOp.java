package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.Repeat;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/**
 * MOVS, STOS, LODS, CMPS and SCAS, alone and repeated (SDM vol. 1, 7.3.9). Registers move with each element, so that a
 * fault or an interrupt leaves a state from which the same instruction goes on. Forward MOVS and STOS go by runs within
 * a page.
 */
final class StringOp extends TemplateOp {
    static final int MOVS = 0;
    static final int STOS = 1;
    static final int LODS = 2;
    static final int CMPS = 3;
    static final int SCAS = 4;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    /** {@link Repeat} ordinal. */
    private static final int REPEAT = OpTemplate.constant(MethodHandles.lookup(), 2);

    private static final int ADDRESS_SIZE = OpTemplate.constant(MethodHandles.lookup(), 3);

    private static final boolean REPEATED = REPEAT != Repeat.NONE.ordinal();
    private static final boolean COMPARES = OPERATION == CMPS || OPERATION == SCAS;

    private final int sourceSegment;
    private final int sourceBase;
    /** Last offset that needs no check of the segment; -1 where all do. */
    private final long sourceUnchecked;
    private final int targetBase;
    private final long targetUnchecked;

    StringOp() {
        sourceSegment = 0;
        sourceBase = 0;
        sourceUnchecked = 0;
        targetBase = 0;
        targetUnchecked = 0;
    }

    private StringOp(Instruction instruction, BlockContext context) {
        int segment = RegisterFile.DS;
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Memory memory && memory.base() == 6) {
                segment = memory.segment().ordinal();
            }
        }
        sourceSegment = segment;
        sourceBase = baseSlot(context, segment);
        sourceUnchecked = unchecked(context, segment);
        targetBase = baseSlot(context, RegisterFile.ES);
        targetUnchecked = unchecked(context, RegisterFile.ES);
    }

    private static int baseSlot(BlockContext context, int segment) {
        return context.usesBase(segment) ? StateLayout.SEGMENT_BASE + 8 * segment : StateLayout.ZERO;
    }

    /** A flat segment ends at 4 GiB, where an element does not wrap. */
    private static long unchecked(BlockContext context, int segment) {
        return context.is64() ? Long.MAX_VALUE : context.needsSegmentCheck(segment) ? -1 : 0x1_0000_0000L - SIZE;
    }

    @Override
    protected boolean checksLimit() {
        return true;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new StringOp(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        if (!REPEATED) {
            element(cpu, cpu.flag(Flags.DF) ? -SIZE : SIZE);
            return next.run(cpu);
        }
        int step = cpu.flag(Flags.DF) ? -SIZE : SIZE;
        boolean stepping = cpu.singleStepping();
        long left = unsigned(cpu.getSized(StateLayout.RCX, ADDRESS_SIZE), ADDRESS_SIZE);
        while (left != 0) {
            long done = 1;
            if ((OPERATION == MOVS || OPERATION == STOS) && step > 0 && !stepping) {
                done = bulk(cpu, left);
            } else {
                element(cpu, step);
            }
            left -= done;
            cpu.setSized(StateLayout.RCX, ADDRESS_SIZE, left);
            if (COMPARES && cpu.zero() != (REPEAT == Repeat.REP.ordinal())) {
                break;
            }
            if (left != 0 && (stepping || cpu.eventPending())) {
                // The rest runs when the interrupt or the trap is done.
                return cpu.leaveRepetition(this);
            }
        }
        return next.run(cpu);
    }

    private long sourceAddress(Cpu cpu) {
        long offset = unsigned(cpu.get64(StateLayout.RSI), ADDRESS_SIZE);
        return offset > sourceUnchecked
                ? cpu.checkedLinear(this, sourceSegment, offset, SIZE, false)
                : offset + cpu.get64(sourceBase);
    }

    private long targetAddress(Cpu cpu, boolean write) {
        long offset = unsigned(cpu.get64(StateLayout.RDI), ADDRESS_SIZE);
        return offset > targetUnchecked
                ? cpu.checkedLinear(this, RegisterFile.ES, offset, SIZE, write)
                : offset + cpu.get64(targetBase);
    }

    private static void advance(Cpu cpu, int slot, long bytes) {
        cpu.setSized(slot, ADDRESS_SIZE, cpu.get64(slot) + bytes);
    }

    /** One element, by the ordinary access paths. */
    private void element(Cpu cpu, int step) {
        switch (OPERATION) {
            case MOVS -> {
                long value = load(cpu, sourceAddress(cpu), SIZE);
                store(cpu, targetAddress(cpu, true), SIZE, value);
                advance(cpu, StateLayout.RSI, step);
                advance(cpu, StateLayout.RDI, step);
            }
            case STOS -> {
                store(cpu, targetAddress(cpu, true), SIZE, cpu.get64(StateLayout.RAX));
                advance(cpu, StateLayout.RDI, step);
            }
            case LODS -> {
                cpu.setSized(StateLayout.RAX, SIZE, load(cpu, sourceAddress(cpu), SIZE));
                advance(cpu, StateLayout.RSI, step);
            }
            case CMPS -> {
                // Where both fault, AMD's processors report the second operand.
                long b = load(cpu, targetAddress(cpu, false), SIZE);
                long a = load(cpu, sourceAddress(cpu), SIZE);
                cpu.flagsSub(extend(a - b, SIZE), a, b);
                advance(cpu, StateLayout.RSI, step);
                advance(cpu, StateLayout.RDI, step);
            }
            default -> {
                long a = cpu.getSized(StateLayout.RAX, SIZE);
                long b = load(cpu, targetAddress(cpu, false), SIZE);
                cpu.flagsSub(extend(a - b, SIZE), a, b);
                advance(cpu, StateLayout.RDI, step);
            }
        }
    }

    /** As many elements as lie within the pages at hand; at least one. Returns how many. */
    private long bulk(Cpu cpu, long left) {
        long target = unsigned(cpu.get64(StateLayout.RDI), ADDRESS_SIZE) + cpu.get64(targetBase);
        long source = OPERATION == MOVS
                ? unsigned(cpu.get64(StateLayout.RSI), ADDRESS_SIZE) + cpu.get64(sourceBase)
                : 0;
        long count = Math.min(Long.compareUnsigned(left, 4096) < 0 ? left : 4096, toPageEnd(target));
        if (OPERATION == MOVS) {
            count = Math.min(count, toPageEnd(source));
        }
        boolean checked = targetUnchecked < 0 || OPERATION == MOVS && sourceUnchecked < 0;
        // Short offsets wrap where a page ends only if the base (of FS or GS) is at a page's start.
        boolean wraps = OPERATION == MOVS && ADDRESS_SIZE != 8 && (cpu.get64(sourceBase) & 4095) != 0;
        long to = checked || wraps || count < 2 ? -1 : cpu.writableHost(target);
        if (to == -1) {
            element(cpu, SIZE);
            return 1;
        }
        long from = OPERATION != MOVS ? 0 : cpu.readableHost(source);
        if (from == -1) {
            // Source and target may share a place in the TLB: the source is brought in while the target's host address
            // is at hand. Where there is still none, the source is a device, which must not be read again.
            long value = load(cpu, source, SIZE);
            from = cpu.readableHost(source);
            if (from == -1) {
                store(cpu, target, SIZE, value);
                advance(cpu, StateLayout.RSI, SIZE);
                advance(cpu, StateLayout.RDI, SIZE);
                return 1;
            }
        }
        if (OPERATION == MOVS) {
            copy(cpu.ram(), from, to, count);
            advance(cpu, StateLayout.RSI, count * SIZE);
        } else {
            fill(cpu.ram(), to, count, cpu.get64(StateLayout.RAX));
        }
        advance(cpu, StateLayout.RDI, count * SIZE);
        return count;
    }

    private static long toPageEnd(long address) {
        return (4096 - (address & 4095)) / SIZE;
    }

    private static void copy(MemorySegment ram, long from, long to, long count) {
        if (to > from && to < from + count * SIZE) {
            // The target overlaps what is still to be read: elements propagate, as the architecture has it.
            for (long i = 0; i < count; i++) {
                put(ram, to + i * SIZE, get(ram, from + i * SIZE));
            }
        } else {
            HostMemory.copyRam(ram, from, to, count * SIZE);
        }
    }

    private static void fill(MemorySegment ram, long to, long count, long value) {
        if (SIZE == 1 || value == 0) {
            HostMemory.fillRam(ram, to, count * SIZE, (byte) value);
        } else {
            for (long i = 0; i < count; i++) {
                put(ram, to + i * SIZE, value);
            }
        }
    }

    private static long get(MemorySegment ram, long address) {
        return switch (SIZE) {
            case 1 -> HostMemory.loadByte(ram, address);
            case 2 -> HostMemory.loadShort(ram, address);
            case 4 -> HostMemory.loadInt(ram, address);
            default -> HostMemory.loadLong(ram, address);
        };
    }

    private static void put(MemorySegment ram, long address, long value) {
        switch (SIZE) {
            case 1 -> HostMemory.storeByte(ram, address, (byte) value);
            case 2 -> HostMemory.storeShort(ram, address, (short) value);
            case 4 -> HostMemory.storeInt(ram, address, (int) value);
            default -> HostMemory.storeLong(ram, address, value);
        }
    }
}
