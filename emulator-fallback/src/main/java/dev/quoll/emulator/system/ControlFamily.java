package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.x87.StateImage;

/** Control, debug and model-specific registers, TLB and cache control, FS and GS bases, HLT. */
final class ControlFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case MOV -> move(instruction);
            case CLTS -> new ActionOp(instruction, (cpu, op) -> {
                cpu.cr0 &= ~ControlBits.CR0_TS;
                cpu.updateMode();
            });
            case LMSW -> WordOps.read(instruction, context, 0, ControlRegisters::loadMachineStatus);
            case SMSW -> WordOps.write(instruction, context, (cpu, op) -> {
                DescriptorTableFamily.checkUserAccess(cpu, op);
                return cpu.cr0;
            });
            case INVLPG -> new AddressOp(instruction, context, 0, false, (cpu, op, address) -> cpu.flushPage(address));
            case INVPCID -> invpcid(instruction, context);
            // Memory is coherent and nothing is cached that a guest could lose.
            case INVD, WBINVD -> new ActionOp(instruction, (cpu, op) -> {});
            case HLT -> new TransferOp(instruction, (cpu, op) -> {
                cpu.setRip(op.nextRip(cpu));
                cpu.platform().halt();
            });
            case RDMSR -> new ReadMsr(instruction).op();
            case WRMSR -> new ActionOp(instruction, ControlFamily::writeMsr);
            case XGETBV -> new ActionOp(instruction, ControlFamily::xgetbv);
            case XSETBV -> new ActionOp(instruction, (cpu, op) -> {
                requireXsave(cpu, op);
                ActionOp.requirePrivilege(cpu, op);
                ControlRegisters.writeXcr0(cpu, op, cpu.get32(StateLayout.RCX), pair(cpu));
            });
            case SWAPGS -> new ActionOp(instruction, (cpu, op) -> {
                long base = cpu.segmentBase(RegisterFile.GS);
                cpu.setSegmentBase(RegisterFile.GS, cpu.kernelGsBase);
                cpu.kernelGsBase = base;
            });
            case RDFSBASE -> readBase(instruction, RegisterFile.FS);
            case RDGSBASE -> readBase(instruction, RegisterFile.GS);
            case WRFSBASE -> writeBase(instruction, RegisterFile.FS);
            case WRGSBASE -> writeBase(instruction, RegisterFile.GS);
            default -> null;
        };
    }

    private static Op move(Instruction instruction) {
        if (!(instruction.operand(0) instanceof Operand.Register target)
                || !(instruction.operand(1) instanceof Operand.Register source)) {
            return null;
        }
        int slot = StateLayout.gpr(target.number());
        int from = StateLayout.gpr(source.number());
        int size = instruction.operandSize();
        int sourceNumber = source.number();
        int targetNumber = target.number();
        if (source.cls() == RegisterClass.CONTROL) {
            return new ActionOp(instruction, (cpu, op) ->
                    cpu.setSized(slot, size, ControlRegisters.read(cpu, sourceNumber)));
        }
        if (source.cls() == RegisterClass.DEBUG) {
            return new ActionOp(instruction, (cpu, op) ->
                    cpu.setSized(slot, size, DebugRegisters.read(cpu, op, sourceNumber)));
        }
        long mask = size == 8 ? -1L : 0xffffffffL;
        if (target.cls() == RegisterClass.CONTROL) {
            return new ActionOp(instruction, (cpu, op) ->
                    ControlRegisters.write(cpu, op, targetNumber, cpu.get64(from) & mask));
        }
        if (target.cls() == RegisterClass.DEBUG) {
            return new ActionOp(instruction, (cpu, op) ->
                    DebugRegisters.write(cpu, op, targetNumber, cpu.get64(from) & mask));
        }
        return null;
    }

    private static Op invpcid(Instruction instruction, BlockContext context) {
        int slot = StateLayout.gpr(((Operand.Register) instruction.operand(0)).number());
        long mask = instruction.operandSize() == 8 ? -1L : 0xffffffffL;
        return new AddressOp(instruction, context, 16, false, (cpu, op, address) -> {
            long pcid = cpu.load64(op, address);
            long target = cpu.load64(op, cpu.part(address, 8));
            ControlRegisters.invalidate(cpu, op, cpu.get64(slot) & mask, pcid, target);
        });
    }

    private static long pair(Cpu cpu) {
        return (long) cpu.get32(StateLayout.RDX) << 32 | cpu.get32(StateLayout.RAX) & 0xffffffffL;
    }

    /** RDMSR with a place of its own for the value. */
    private record ReadMsr(Instruction instruction) {
        Op op() {
            long[] value = new long[1];
            return new ActionOp(instruction, (cpu, op) -> {
                if (!MsrAccess.read(cpu, cpu.get32(StateLayout.RCX), value)) {
                    throw cpu.generalProtection(op, 0);
                }
                cpu.set32(StateLayout.RAX, (int) value[0]);
                cpu.set32(StateLayout.RDX, (int) (value[0] >>> 32));
            });
        }
    }

    private static void writeMsr(Cpu cpu, Op op) {
        if (!MsrAccess.write(cpu, cpu.get32(StateLayout.RCX), pair(cpu))) {
            throw cpu.generalProtection(op, 0);
        }
    }

    private static void requireXsave(Cpu cpu, Op op) {
        if ((cpu.cr4 & ControlBits.CR4_OSXSAVE) == 0) {
            throw cpu.invalidOpcode(op);
        }
    }

    /** XCR0, or with ECX = 1 those of its components that are in use (SDM vol. 1, 13.2). */
    private static void xgetbv(Cpu cpu, Op op) {
        requireXsave(cpu, op);
        int number = cpu.get32(StateLayout.RCX);
        if (number != 0 && number != 1) {
            throw cpu.generalProtection(op, 0);
        }
        long components = number == 0 ? cpu.xcr0 : cpu.xcr0 & StateImage.inUse(cpu, cpu.is64() ? 16 : 8);
        cpu.set32(StateLayout.RAX, (int) components);
        cpu.set32(StateLayout.RDX, (int) (components >>> 32));
    }

    private static void requireBaseAccess(Cpu cpu, Op op) {
        if ((cpu.cr4 & ControlBits.CR4_FSGSBASE) == 0) {
            throw cpu.invalidOpcode(op);
        }
    }

    private static Op readBase(Instruction instruction, int segment) {
        Operand.Register target = (Operand.Register) instruction.operand(0);
        int slot = StateLayout.gpr(target.number());
        int size = target.size();
        return new ActionOp(instruction, (cpu, op) -> {
            requireBaseAccess(cpu, op);
            cpu.setSized(slot, size, cpu.segmentBase(segment));
        });
    }

    private static Op writeBase(Instruction instruction, int segment) {
        Operand.Register source = (Operand.Register) instruction.operand(0);
        int slot = StateLayout.gpr(source.number());
        long mask = source.size() == 8 ? -1L : 0xffffffffL;
        return new ActionOp(instruction, (cpu, op) -> {
            requireBaseAccess(cpu, op);
            long base = cpu.get64(slot) & mask;
            if (!cpu.canonicalBase(base)) {
                throw cpu.generalProtection(op, 0);
            }
            cpu.setSegmentBase(segment, base);
        });
    }
}
