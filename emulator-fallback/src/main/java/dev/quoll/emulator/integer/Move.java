package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** MOV between general registers, memory and immediates; MOVZX, MOVSX, MOVSXD; MOVNTI; LEA. */
final class Move extends TemplateOp implements FallThrough {
    static final int REGISTER_REGISTER = 0;
    static final int REGISTER_IMMEDIATE = 1;
    static final int REGISTER_MEMORY = 2;
    static final int MEMORY_REGISTER = 3;
    static final int MEMORY_IMMEDIATE = 4;
    static final int ADDRESS = 5;

    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 0);
    /** Bytes read. */
    private static final int FROM = OpTemplate.constant(MethodHandles.lookup(), 1);
    /** Bytes written. */
    private static final int TO = OpTemplate.constant(MethodHandles.lookup(), 2);

    private static final boolean ZERO_EXTEND = OpTemplate.flag(MethodHandles.lookup(), 3);

    private final int register;
    private final int source;
    private final long immediate;

    Move() {
        register = 0;
        source = 0;
        immediate = 0;
    }

    private Move(Instruction instruction) {
        register = slot(instruction.operand(0));
        Operand second = instruction.operand(1);
        source = second instanceof Operand.Register ? slot(second) : 0;
        immediate = second instanceof Operand.Immediate(long value, int size) ? value : 0;
    }

    private Move(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(
                context,
                memory,
                FORM == ADDRESS ? 0 : FORM == REGISTER_MEMORY ? FROM : TO,
                FORM == MEMORY_REGISTER || FORM == MEMORY_IMMEDIATE);
        Operand second = instruction.operand(1);
        register = FORM == MEMORY_REGISTER ? slot(second) : FORM == MEMORY_IMMEDIATE ? 0 : slot(instruction.operand(0));
        source = 0;
        immediate = second instanceof Operand.Immediate(long value, int size) ? value : 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new Move(instruction) : new Move(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        switch (FORM) {
            case REGISTER_REGISTER -> {
                long value = cpu.getSized(source, FROM);
                cpu.setSized(register, TO, ZERO_EXTEND ? unsigned(value, FROM) : value);
            }
            case REGISTER_IMMEDIATE -> cpu.setSized(register, TO, immediate);
            case REGISTER_MEMORY -> {
                long value = load(cpu, address(cpu), FROM);
                cpu.setSized(register, TO, ZERO_EXTEND ? unsigned(value, FROM) : value);
            }
            case MEMORY_REGISTER -> store(cpu, address(cpu), TO, cpu.getSized(register, TO));
            case MEMORY_IMMEDIATE -> store(cpu, address(cpu), TO, immediate);
            default -> cpu.setSized(register, TO, offset(cpu));
        }
    }
}
