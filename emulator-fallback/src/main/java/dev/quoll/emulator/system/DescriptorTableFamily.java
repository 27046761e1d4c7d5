package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/** Table registers, and the instructions that ask about descriptors without loading them. */
final class DescriptorTableFamily implements OpFamily {
    /** System types that LAR knows: TSSs, LDT, call and task gates. In long mode 16-bit ones do not exist. */
    private static final int LAR_TYPES = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9 | 1 << 11 | 1 << 12;

    private static final int LAR_TYPES_LONG = 1 << 2 | 1 << 9 | 1 << 11 | 1 << 12;
    private static final int LSL_TYPES = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 11;
    private static final int LSL_TYPES_LONG = 1 << 2 | 1 << 9 | 1 << 11;

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case LGDT -> loadTable(instruction, context, (cpu, base, limit) -> {
                cpu.gdtBase = base;
                cpu.gdtLimit = limit;
            });
            case LIDT -> loadTable(instruction, context, (cpu, base, limit) -> {
                cpu.idtBase = base;
                cpu.idtLimit = limit;
            });
            case SGDT -> storeTable(instruction, context, true);
            case SIDT -> storeTable(instruction, context, false);
            case LLDT -> WordOps.read(instruction, context, 0, (cpu, op, word) -> {
                cpu.setRip(op.rip(cpu));
                SegmentLoader.loadLdt(cpu, word, SegmentLoader.GENERAL_PROTECTION);
            });
            case LTR -> WordOps.read(instruction, context, 0, (cpu, op, word) -> {
                cpu.setRip(op.rip(cpu));
                SegmentLoader.loadTask(cpu, word);
            });
            case SLDT -> storeSelector(instruction, context, RegisterFile.LDTR);
            case STR -> storeSelector(instruction, context, RegisterFile.TR);
            case VERR -> WordOps.read(instruction, context, 0, (cpu, op, word) ->
                    setZero(cpu, verified(cpu, op, word, false)));
            case VERW -> WordOps.read(instruction, context, 0, (cpu, op, word) ->
                    setZero(cpu, verified(cpu, op, word, true)));
            case LAR -> query(instruction, context, true);
            case LSL -> query(instruction, context, false);
            case ARPL -> arpl(instruction, context);
            default -> null;
        };
    }

    @FunctionalInterface
    private interface TableTarget {
        void set(Cpu cpu, long base, int limit);
    }

    /** User-mode instruction prevention: SGDT, SIDT, SLDT, STR and SMSW above CPL 0 (SDM vol. 3, 2.5). */
    static void checkUserAccess(Cpu cpu, Op op) {
        if ((cpu.cr4 & ControlBits.CR4_UMIP) != 0 && cpu.cpl != 0) {
            throw cpu.generalProtection(op, 0);
        }
    }

    private static Op loadTable(Instruction instruction, BlockContext context, TableTarget target) {
        int size = context.is64() ? 8 : 4;
        // A 16-bit operand size takes 24 bits of the base (SDM vol. 2, LGDT).
        long mask = size == 8 ? -1L : instruction.operandSize() == 2 ? 0xffffffL : 0xffffffffL;
        return new AddressOp(instruction, context, size + 2, false, (cpu, op, address) -> {
            int limit = cpu.load16(op, address);
            long base = cpu.loadSized(op, cpu.part(address, 2), size) & mask;
            if (!cpu.canonicalBase(base)) {
                throw cpu.generalProtection(op, 0);
            }
            target.set(cpu, base, limit);
        });
    }

    private static Op storeTable(Instruction instruction, BlockContext context, boolean gdt) {
        int size = context.is64() ? 8 : 4;
        return new AddressOp(instruction, context, size + 2, true, (cpu, op, address) -> {
            checkUserAccess(cpu, op);
            // The contents of GDTR and IDTR are aligned on 4 bytes (SDM vol. 3, table 6-7).
            cpu.checkAlignment(op, address, 4);
            cpu.probeWrite(op, address, size + 2);
            cpu.store16(op, address, gdt ? cpu.gdtLimit : cpu.idtLimit);
            cpu.storePart(op, cpu.part(address, 2), size, gdt ? cpu.gdtBase : cpu.idtBase);
        });
    }

    private static Op storeSelector(Instruction instruction, BlockContext context, int segment) {
        return WordOps.write(instruction, context, (cpu, op) -> {
            checkUserAccess(cpu, op);
            return cpu.selector[segment];
        });
    }

    private static void setZero(Cpu cpu, boolean zero) {
        int flags = cpu.arithmeticFlags();
        cpu.setArithmeticFlags(zero ? flags | Flags.ZF : flags & ~Flags.ZF);
    }

    /** The descriptor of a selector, or 0 where there is none to see; page faults do happen. */
    private static long look(Cpu cpu, Op op, int selector) {
        if (Descriptor.isNull(selector) || !SegmentLoader.inTable(cpu, selector, 8)) {
            return 0;
        }
        cpu.setRip(op.rip(cpu));
        return cpu.loadSystem(SegmentLoader.address(cpu, selector), 8);
    }

    /** Whether CPL and RPL may see the descriptor at all; conforming code always. */
    private static boolean visible(Cpu cpu, int selector, int access) {
        return Descriptor.conformingCode(access)
                || Math.max(cpu.cpl, selector & 3) <= Descriptor.dpl(access);
    }

    private static boolean verified(Cpu cpu, Op op, int selector, boolean write) {
        int access = Descriptor.access(look(cpu, op, selector));
        boolean fitting = write
                ? Descriptor.writableData(access)
                : (access & Descriptor.MEMORY) != 0
                        && (access & (Descriptor.CODE | Descriptor.WRITABLE_OR_READABLE)) != Descriptor.CODE;
        return fitting && visible(cpu, selector, access);
    }

    private static Op query(Instruction instruction, BlockContext context, boolean rights) {
        int slot = StateLayout.gpr(((Operand.Register) instruction.operand(0)).number());
        int size = instruction.operandSize();
        return WordOps.read(instruction, context, 1, (cpu, op, selector) -> {
            long descriptor = look(cpu, op, selector);
            int access = Descriptor.access(descriptor);
            int type = Descriptor.systemType(access);
            int types = rights
                    ? cpu.longMode() ? LAR_TYPES_LONG : LAR_TYPES
                    : cpu.longMode() ? LSL_TYPES_LONG : LSL_TYPES;
            boolean known = type < 0 || (types >>> type & 1) != 0;
            boolean found = known && visible(cpu, selector, access);
            if (found) {
                long value = rights ? descriptor >>> 32 & 0x00ffff00L : Descriptor.limit(descriptor);
                cpu.setSized(slot, size, value);
            }
            setZero(cpu, found);
        });
    }

    /** ARPL: raises the destination's RPL to the source's. */
    private static Op arpl(Instruction instruction, BlockContext context) {
        int source = StateLayout.gpr(((Operand.Register) instruction.operand(1)).number());
        if (instruction.operand(0) instanceof Operand.Register register) {
            int slot = StateLayout.gpr(register.number());
            return new ActionOp(instruction, (cpu, op) -> {
                int target = cpu.get16(slot);
                int adjusted = target & ~3 | cpu.get16(source) & 3;
                boolean raise = (target & 3) < (adjusted & 3);
                if (raise) {
                    cpu.set16(slot, adjusted);
                }
                setZero(cpu, raise);
            });
        }
        return new AddressOp(instruction, context, 2, false, (cpu, op, address) -> {
            int target = cpu.load16(op, address);
            int adjusted = target & ~3 | cpu.get16(source) & 3;
            boolean raise = (target & 3) < (adjusted & 3);
            if (raise) {
                // Only then the segment and the page have to be writable, on AMD's processors.
                op.checkMore(cpu, address, 2, true);
                cpu.store16(op, address, adjusted);
            }
            setZero(cpu, raise);
        });
    }
}
