package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/**
 * An op with a target register and a source that is a register or memory. What the source is, its form, is a constant of
 * the specialisation and handed to the methods here, which fold when they are inlined.
 */
abstract class XmmOp extends TemplateOp {
    // Forms of the source. 1, 2, 4 and 8 are that many bytes of memory.
    static final int REGISTER = 0;
    /** 16 bytes of memory that must be aligned, else #GP(0). */
    static final int ALIGNED = 16;
    /** 16 bytes of memory at any address. */
    static final int UNALIGNED = 17;

    /** State-block slot of the first operand, 0 when that is memory. */
    final int target;
    /** State-block slot of the second operand, 0 when that is memory or missing. */
    final int source;

    /** A prototype. */
    XmmOp() {
        target = 0;
        source = 0;
    }

    XmmOp(Instruction instruction) {
        target = anySlot(instruction.operand(0));
        source = instruction.operandCount() > 1 ? anySlot(instruction.operand(1)) : 0;
    }

    XmmOp(Instruction instruction, BlockContext context, Operand.Memory memory, boolean write) {
        super(context, memory, write);
        target = anySlot(instruction.operand(0));
        source = instruction.operandCount() > 1 ? anySlot(instruction.operand(1)) : 0;
    }

    /** Slot of a general, XMM or MMX register, 0 for other operands. */
    static int anySlot(Operand operand) {
        if (!(operand instanceof Operand.Register register)) {
            return 0;
        }
        if (register.cls() == RegisterClass.XMM) {
            return StateLayout.xmm(register.number());
        }
        return register.cls() == RegisterClass.MMX ? MmxRegisters.slot(register.number()) : slot(operand);
    }

    /** The form of an instruction's memory operand, {@link #REGISTER} when it has none. */
    static int form(Instruction instruction) {
        Operand.Memory memory = instruction.memory();
        if (memory == null) {
            return REGISTER;
        }
        if (memory.size() < 16) {
            return memory.size();
        }
        return instruction.row().has(Attribute.ALIGNED) ? ALIGNED : UNALIGNED;
    }

    /** The immediate byte, which is the last operand, or 0. */
    static int immediate(Instruction instruction) {
        int last = instruction.operandCount() - 1;
        return instruction.operand(last) instanceof Operand.Immediate immediate ? (int) immediate.value() & 0xff : 0;
    }

    /** Linear address of the memory operand, checked for alignment; 0 when the source is a register. */
    final long sourceAddress(Cpu cpu, int form) {
        if (form == REGISTER) {
            return 0;
        }
        long va = address(cpu);
        if (form == ALIGNED && (va & 15) != 0) {
            throw cpu.generalProtection(this, 0);
        }
        return va;
    }

    /** Host address of a 16-byte source, so that both halves cost one look into the TLB; -1 for the slow way. */
    final long sourceHost(Cpu cpu, int form, long va) {
        long host = form == ALIGNED || form == UNALIGNED && (va & 0xfff) <= 4080 ? cpu.readableHost(va) : -1;
        if (host == -1 && form == UNALIGNED) {
            cpu.checkCanonical(this, va, 16);
            cpu.checkAlignment(this, va, 16);
        }
        return host;
    }

    /** Low 8 bytes of the source; of narrower memory, zero-extended. */
    final long sourceLow(Cpu cpu, int form, long va, long host) {
        if (form == REGISTER) {
            return cpu.get64(source);
        }
        if (form < ALIGNED) {
            return unsigned(load(cpu, va, form), form);
        }
        return host != -1 ? HostMemory.loadLong(cpu.ram(), host) : cpu.load64(this, va);
    }

    /** High 8 bytes of the source, 0 for narrower memory. */
    final long sourceHigh(Cpu cpu, int form, long va, long host) {
        if (form == REGISTER) {
            return cpu.get64(source + 8);
        }
        if (form < ALIGNED) {
            return 0;
        }
        return host != -1 ? HostMemory.loadLong(cpu.ram(), host + 8) : cpu.load64(this, cpu.part(va, 8));
    }

    /** Writes 16 bytes, all or none. */
    final void store16(Cpu cpu, long va, long low, long high) {
        long host = (va & 0xfff) <= 4080 ? cpu.writableHost(va) : -1;
        if (host != -1) {
            HostMemory.storeLong(cpu.ram(), host, low);
            HostMemory.storeLong(cpu.ram(), host + 8, high);
        } else {
            cpu.checkCanonical(this, va, 16);
            cpu.checkAlignment(this, va, 16);
            cpu.probeWrite(this, va, 16);
            cpu.store64(this, va, low);
            cpu.store64(this, cpu.part(va, 8), high);
        }
    }

    final void setTarget(Cpu cpu, long low, long high) {
        cpu.set64(target, low);
        cpu.set64(target + 8, high);
    }
}
