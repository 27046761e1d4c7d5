package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.VarHandle;

/** CPUID, clocks, random numbers, hypercalls, fences, cache hints, MONITOR and MWAIT. */
final class ProcessorFamily implements OpFamily {
    /** KVM_ENOSYS: no such hypercall (Linux, Documentation/virt/kvm/x86/hypercalls.rst). */
    private static final int NO_SUCH_CALL = -1000;
    /** KVM_EPERM: hypercalls are for CPL 0. */
    private static final int NOT_PERMITTED = -1;

    private static final Action NOTHING = (cpu, op) -> {};

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case CPUID -> cpuid(instruction);
            case RDTSC -> new ActionOp(instruction, ProcessorFamily::readClock);
            case RDTSCP -> new ActionOp(instruction, (cpu, op) -> {
                readClock(cpu, op);
                cpu.set32(StateLayout.RCX, (int) cpu.tscAux);
            });
            case RDPID -> {
                int slot = destination(instruction);
                yield new ActionOp(instruction, (cpu, op) -> cpu.set64(slot, cpu.tscAux));
            }
            // There are no performance counters: every index is out of range, for CR4.PCE and CPL 0 too.
            case RDPMC -> new ActionOp(instruction, (cpu, op) -> {
                throw cpu.generalProtection(op, 0);
            });
            case RDRAND, RDSEED -> random(instruction);
            case VMCALL, VMMCALL -> new ActionOp(instruction, (cpu, op) -> {
                int result = cpu.cpl == 0 ? NO_SUCH_CALL : NOT_PERMITTED;
                cpu.setSized(StateLayout.RAX, cpu.is64() ? 8 : 4, result);
            });
            // The store order of the host is that of x86 (TSO); only a full fence has work to do.
            case MFENCE -> new ActionOp(instruction, (cpu, op) -> VarHandle.fullFence());
            case PAUSE -> new PauseOp();
            case LFENCE, SFENCE, SERIALIZE, PREFETCH, PREFETCHW, PREFETCHNTA, PREFETCHT0, PREFETCHT1,
                    PREFETCHT2 -> new ActionOp(instruction, NOTHING);
            case CLFLUSH, CLFLUSHOPT, CLWB -> new AddressOp(instruction, context, 1, false, (cpu, op, address) ->
                    cpu.probeRead(op, address, 1));
            case CLZERO -> new ClearLine(instruction, context);
            case MONITOR -> monitor(instruction);
            // Waking up at once is always allowed (SDM vol. 2, MWAIT).
            case MWAIT -> new ActionOp(instruction, ProcessorFamily::requireMonitor);
            default -> null;
        };
    }

    private static int destination(Instruction instruction) {
        return StateLayout.gpr(((Operand.Register) instruction.operand(0)).number());
    }

    private static Op cpuid(Instruction instruction) {
        int[] registers = new int[4];
        return new ActionOp(instruction, (cpu, op) -> {
            cpu.platform().cpuid(cpu.get32(StateLayout.RAX), cpu.get32(StateLayout.RCX), registers);
            cpu.set32(StateLayout.RAX, registers[0]);
            cpu.set32(StateLayout.RBX, registers[1]);
            cpu.set32(StateLayout.RCX, registers[2]);
            cpu.set32(StateLayout.RDX, registers[3]);
            cpu.drainStores();
        });
    }

    private static void readClock(Cpu cpu, Op op) {
        if (cpu.cpl != 0 && (cpu.cr4 & ControlBits.CR4_TSD) != 0) {
            throw cpu.generalProtection(op, 0);
        }
        long clock = cpu.platform().tsc();
        cpu.set32(StateLayout.RAX, (int) clock);
        cpu.set32(StateLayout.RDX, (int) (clock >>> 32));
    }

    private static Op random(Instruction instruction) {
        int slot = destination(instruction);
        int size = ((Operand.Register) instruction.operand(0)).size();
        return new ActionOp(instruction, (cpu, op) -> {
            cpu.setSized(slot, size, cpu.platform().random());
            cpu.setArithmeticFlags(Flags.CF);
        });
    }

    /** MONITOR and MWAIT are #UD above CPL 0, not #GP (APM vol. 3, MONITOR: HWCR.MonMwaitUserEn is 0). */
    private static void requireMonitor(Cpu cpu, Op op) {
        if (cpu.cpl != 0) {
            throw cpu.invalidOpcode(op);
        }
    }

    /** MONITOR arms nothing, since MWAIT does not wait; ECX names extensions, of which there are none. */
    private static Op monitor(Instruction instruction) {
        return new ActionOp(instruction, (cpu, op) -> {
            requireMonitor(cpu, op);
            if (cpu.get32(StateLayout.RCX) != 0) {
                throw cpu.generalProtection(op, 0);
            }
        });
    }
}
