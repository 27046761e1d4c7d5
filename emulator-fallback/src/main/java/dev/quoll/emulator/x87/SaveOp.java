package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.machine.XsaveComponent;

/** FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC and XRSTOR (SDM vol. 1, 10.5 and 13.7 to 13.12). */
final class SaveOp extends SimpleMemOp implements StateArea {
    private static final int INVALID_OPCODE = 6;
    private static final int DEVICE_NOT_AVAILABLE = 7;

    private static final int FXSAVE_AREA = 512;

    private final Mnemonic mnemonic;
    private final boolean wide;
    private final int registers;
    private final boolean emulated;
    private final boolean switched;

    // The operand while the op runs; an op belongs to one vCPU.
    private Cpu cpu;
    private long va;

    SaveOp(Instruction instruction, BlockContext context) {
        super(context, instruction.memory(), 512, stores(instruction.mnemonic()));
        mnemonic = instruction.mnemonic();
        wide = instruction.operandSize() == 8;
        registers = context.is64() ? 16 : 8;
        emulated = context.has(Mode.FPU_EMULATED);
        switched = context.has(Mode.TASK_SWITCHED);
    }

    private static boolean stores(Mnemonic mnemonic) {
        return switch (mnemonic) {
            case FXRSTOR, XRSTOR -> false;
            default -> true;
        };
    }

    @Override
    public long get(int offset, int size) {
        return cpu.loadSized(this, cpu.part(va, offset), size);
    }

    @Override
    public void put(int offset, int size, long value) {
        cpu.storeSized(this, cpu.part(va, offset), size, value);
    }

    @Override
    public void execute(Cpu running) {
        cpu = running;
        boolean legacy = mnemonic == Mnemonic.FXSAVE || mnemonic == Mnemonic.FXRSTOR;
        if (!legacy && (running.cr4 & ControlBits.CR4_OSXSAVE) == 0) {
            throw running.fault(this, INVALID_OPCODE, false, 0);
        }
        if (switched || legacy && emulated) {
            throw running.fault(this, DEVICE_NOT_AVAILABLE, false, 0);
        }
        va = address(running);
        if (legacy) {
            // A non-canonical address in the stack segment is #SS, even a misaligned one.
            running.checkCanonical(this, va, 1);
            running.checkAlignment(this, va, 4);
        }
        if ((va & (legacy ? 15 : 63)) != 0) {
            throw running.generalProtection(this, 0);
        }
        switch (mnemonic) {
            case FXSAVE -> fxsave();
            case FXRSTOR -> fxrstor();
            case XRSTOR -> xrstor();
            case XSAVEC -> xsavec();
            default -> xsave(mnemonic == Mnemonic.XSAVEOPT);
        }
        cpu.numericErrorSettled();
    }

    private boolean fast() {
        // EFER.FFXSR: FXSAVE and FXRSTOR at CPL 0 in 64-bit code leave the XMM registers out (APM vol. 2, 3.1.7).
        return (cpu.efer & ControlBits.EFER_FFXSR) != 0 && cpu.cpl == 0 && cpu.is64();
    }

    /** Makes sure that an image may be written: AMD's processors look at its last byte, FXSAVE first of all. */
    private void probe(int bytes) {
        if (mnemonic != Mnemonic.FXSAVE) {
            cpu.probeWrite(this, va, 1);
        }
        cpu.probeWrite(this, displaced(cpu, va, bytes - 1), 1);
        cpu.probeWrite(this, va, bytes);
    }

    private void fxsave() {
        probe(FXSAVE_AREA);
        StateImage.saveX87(cpu, this, wide);
        put(StateImage.MXCSR, 4, cpu.get32(StateLayout.MXCSR));
        put(StateImage.MXCSR + 4, 4, StateImage.MXCSR_MASK);
        if (!fast()) {
            StateImage.saveXmm(cpu, this, registers);
        }
    }

    private void fxrstor() {
        cpu.probeRead(this, displaced(cpu, va, FXSAVE_AREA - 1), 1);
        cpu.probeRead(this, va, FXSAVE_AREA);
        checkMxcsr();
        StateImage.restoreX87(cpu, this, wide);
        cpu.put32(StateLayout.MXCSR, (int) get(StateImage.MXCSR, 4));
        if (!fast()) {
            StateImage.restoreXmm(cpu, this, registers);
        }
    }

    private void checkMxcsr() {
        if ((get(StateImage.MXCSR, 4) & ~StateImage.MXCSR_MASK) != 0) {
            throw cpu.generalProtection(this, 0);
        }
    }

    private int requested() {
        long mask = (long) cpu.get32(StateLayout.RDX) << 32 | cpu.get32(StateLayout.RAX) & 0xffffffffL;
        return (int) (mask & cpu.xcr0);
    }

    private void xsave(boolean optimised) {
        int wanted = requested();
        int used = StateImage.inUse(cpu, registers);
        probe(areaSize(wanted));
        int written = optimised ? wanted & used : wanted;
        if ((written & StateImage.X87) != 0) {
            StateImage.saveX87(cpu, this, wide);
        }
        saveMxcsrIf((wanted & (StateImage.SSE | StateImage.AVX)) != 0);
        saveVectors(written, XsaveComponent.AVX.offset());
        long header = get(StateImage.XSTATE_BV, 8);
        put(StateImage.XSTATE_BV, 8, header & ~(long) wanted | wanted & used);
    }

    private void xsavec() {
        int wanted = requested();
        int used = StateImage.inUse(cpu, registers);
        if (cpu.get32(StateLayout.MXCSR) != StateImage.MXCSR_INITIAL) {
            used |= StateImage.SSE;
        }
        int written = wanted & used;
        probe(areaSize(wanted));
        if ((written & StateImage.X87) != 0) {
            StateImage.saveX87(cpu, this, wide);
        }
        saveMxcsrIf((written & StateImage.SSE) != 0);
        saveVectors(written, XsaveComponent.LEGACY_AND_HEADER);
        put(StateImage.XSTATE_BV, 8, written);
        put(StateImage.XCOMP_BV, 8, wanted | 1L << 63);
    }

    private static int areaSize(int components) {
        return XsaveComponent.standardSize(components);
    }

    private void saveMxcsrIf(boolean condition) {
        if (condition) {
            put(StateImage.MXCSR, 4, cpu.get32(StateLayout.MXCSR));
            put(StateImage.MXCSR + 4, 4, StateImage.MXCSR_MASK);
        }
    }

    private void saveVectors(int written, int highOffset) {
        if ((written & StateImage.SSE) != 0) {
            StateImage.saveXmm(cpu, this, registers);
        }
        if ((written & StateImage.AVX) != 0) {
            StateImage.saveYmmHigh(cpu, this, highOffset, registers);
        }
    }

    private void xrstor() {
        int wanted = requested();
        cpu.probeRead(this, va, XsaveComponent.LEGACY_AND_HEADER);
        long present = get(StateImage.XSTATE_BV, 8);
        long compaction = get(StateImage.XCOMP_BV, 8);
        boolean compact = compaction < 0;
        boolean bad = (present & ~cpu.xcr0) != 0 || get(StateImage.XCOMP_BV + 8, 8) != 0;
        if (compact) {
            long format = compaction & Long.MAX_VALUE;
            bad |= (format & ~cpu.xcr0) != 0 || (present & ~format) != 0;
            for (int offset = StateImage.XCOMP_BV + 16; offset < XsaveComponent.LEGACY_AND_HEADER; offset += 8) {
                bad |= get(offset, 8) != 0;
            }
        } else {
            bad |= compaction != 0;
        }
        if (bad) {
            throw cpu.generalProtection(this, 0);
        }
        int loaded = wanted & (int) present;
        cpu.probeRead(this, va, areaSize(loaded));
        boolean mxcsrLoaded = compact
                ? (loaded & StateImage.SSE) != 0
                : (wanted & (StateImage.SSE | StateImage.AVX)) != 0;
        if (mxcsrLoaded) {
            checkMxcsr();
        }
        restore(wanted, loaded, compact, mxcsrLoaded);
    }

    private void restore(int wanted, int loaded, boolean compact, boolean mxcsrLoaded) {
        if ((loaded & StateImage.X87) != 0) {
            StateImage.restoreX87(cpu, this, wide);
        } else if ((wanted & StateImage.X87) != 0) {
            StateImage.initialiseX87(cpu);
        }
        if (mxcsrLoaded) {
            cpu.put32(StateLayout.MXCSR, (int) get(StateImage.MXCSR, 4));
        } else if (compact && (wanted & StateImage.SSE) != 0) {
            cpu.put32(StateLayout.MXCSR, StateImage.MXCSR_INITIAL);
        }
        if ((loaded & StateImage.SSE) != 0) {
            StateImage.restoreXmm(cpu, this, registers);
        } else if ((wanted & StateImage.SSE) != 0) {
            StateImage.clearXmm(cpu, registers);
        }
        if ((loaded & StateImage.AVX) != 0) {
            int offset = compact ? XsaveComponent.LEGACY_AND_HEADER : XsaveComponent.AVX.offset();
            StateImage.restoreYmmHigh(cpu, this, offset, registers);
        } else if ((wanted & StateImage.AVX) != 0) {
            StateImage.clearYmmHigh(cpu, registers);
        }
    }
}
