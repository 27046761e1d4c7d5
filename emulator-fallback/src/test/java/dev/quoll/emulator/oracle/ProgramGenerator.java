package dev.quoll.emulator.oracle;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/**
 * Makes random programs of general-purpose instructions that neither fault nor loop for long: single instructions with
 * branches, loops, calls, divisions and string instructions in between, which come with the instructions they need.
 */
public final class ProgramGenerator {
    /** A row in one of its forms. */
    public record Choice(OpcodeRow row, Form form) {}

    /** A program for the address it was made for, and what it consists of. */
    public record Program(byte[] code, String text) {}

    private static final int RCX = 1;
    private static final int LONGEST_COUNT = 12;

    private final Random random;
    private final List<Choice> choices;
    private final ProgramInstances instances;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private List<String> text = new ArrayList<>();
    private long start;

    /** Whether the program has few memory operands: flags nobody reads are found between instructions that cannot fault. */
    private boolean registers;

    ProgramGenerator(Random random, long dataAddress, List<Choice> choices) {
        this.random = random;
        this.choices = choices;
        instances = new ProgramInstances(random, dataAddress);
    }

    /** A program of some elements for an address. */
    public Program next(int elements, long address) {
        instances.restart();
        out.reset();
        text = new ArrayList<>();
        start = address;
        registers = random.nextBoolean();
        for (int i = 0; i < elements; i++) {
            element();
        }
        return new Program(out.toByteArray(), String.join("\n  ", text));
    }

    /** Gives registers the values the last program relies on. */
    public void prepare(CpuState state) {
        instances.prepare(state);
    }

    private void element() {
        switch (random.nextInt(registers ? 56 : 28)) {
            case 0, 1, 2 -> conditionalJump();
            case 3 -> loop();
            case 4 -> call();
            case 5 -> string();
            case 6 -> divide();
            case 7 -> bitOffset();
            case 8 -> small();
            case 9 -> jump();
            default -> instruction(instance -> true);
        }
    }

    private long here() {
        return start + out.size();
    }

    private void bytes(String what, int... values) {
        for (int value : values) {
            out.write(value);
        }
        text.add(what);
    }

    private void number(int value) {
        for (int shift = 0; shift < 32; shift += 8) {
            out.write(value >> shift);
        }
    }

    private void instruction(Predicate<Instance> wanted) {
        instruction(wanted, choice -> true);
    }

    private void instruction(Predicate<Instance> wanted, Predicate<Choice> suitable) {
        for (; ; ) {
            Choice choice = choices.get(random.nextInt(choices.size()));
            if (suitable.test(choice) && !(registers && choice.form().memory())) {
                Instance instance = instances.next(choice.row(), here(), choice.form());
                if (harmless(instance) && wanted.test(instance)) {
                    out.writeBytes(instance.code());
                    text.add(instance.toString());
                    return;
                }
            }
        }
    }

    private boolean harmless(Instance instance) {
        for (Operand operand : instance.operands()) {
            if (operand instanceof Operand.Register(RegisterClass cls, int number, int size)
                    && cls == RegisterClass.GPR
                    && instances.reserved(number)) {
                return false;
            }
        }
        return switch (instance.row().mnemonic()) {
            case ENTER, LEAVE, POPF, XLAT -> false;
            case BT, BTS, BTR, BTC ->
                instance.memory() == null || instance.operands().get(1) instanceof Operand.Immediate;
            default -> true;
        };
    }

    /** Instructions that leave RCX alone. */
    private static boolean sparesCounter(Instance instance) {
        for (Operand operand : instance.operands()) {
            if (operand instanceof Operand.Register register && register.number() == RCX) {
                return false;
            }
        }
        return (instance.row().implicitWrites() >> RCX & 1) == 0;
    }

    /** Instructions without memory operand or stack, emitted apart so that a branch can go over them. */
    private byte[] apart(int before, int count, Predicate<Instance> wanted) {
        byte[] first = out.toByteArray();
        for (int i = 0; i < before; i++) {
            out.write(0x90);
        }
        int from = out.size();
        for (int i = 0; i < count; i++) {
            instruction(wanted);
        }
        byte[] all = out.toByteArray();
        out.reset();
        out.writeBytes(first);
        byte[] body = new byte[all.length - from];
        System.arraycopy(all, from, body, 0, body.length);
        return body;
    }

    private void conditionalJump() {
        int condition = random.nextInt(16);
        boolean near = random.nextBoolean();
        // Often what processors fuse with the branch, and so do we.
        if (random.nextBoolean()) {
            instruction(instance -> true, choice -> switch (choice.row().mnemonic()) {
                case CMP, TEST, SUB, ADD, AND, INC, DEC -> true;
                default -> false;
            });
        }
        text.add("jcc %x over".formatted(condition));
        byte[] body = apart(near ? 6 : 2, 1 + random.nextInt(3), instance -> true);
        if (near) {
            bytes("end", 0x0f, 0x80 | condition);
            number(body.length);
        } else {
            bytes("end", 0x70 | condition, body.length);
        }
        out.writeBytes(body);
    }

    private void loop() {
        int kind = random.nextInt(4);
        bytes("mov ecx, n; loop %x".formatted(0xe0 + kind), 0xb9);
        number(random.nextInt(4) + (kind == 3 ? 0 : 1));
        if (kind == 3) {
            byte[] body = apart(2, 1 + random.nextInt(2), instance -> true);
            bytes("end", 0xe3, body.length);
            out.writeBytes(body);
            return;
        }
        int from = out.size();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            instruction(ProgramGenerator::sparesCounter);
        }
        bytes("end", 0xe0 + kind, from - out.size() - 2);
    }

    /** A call, direct or through a register or memory, of a function between the call and the code behind it. */
    private void call() {
        int register = instances.free();
        int pointer = instances.pointer();
        int kind = random.nextInt(3);
        text.add("call %d, function".formatted(kind));
        // In a row: [lea r, function [mov memory, r]] call function; jmp end; function: body; ret; end.
        int leadLength = kind == 0 ? 0 : kind == 1 ? 7 : 14 + sib(pointer);
        int callLength = kind == 0 ? 5 : kind == 1 ? 3 : 7 + sib(pointer);
        byte[] body = apart(leadLength + callLength + 2, 1 + random.nextInt(2), ProgramGenerator::plain);
        boolean pops = random.nextBoolean();
        if (kind != 0) {
            int rest = leadLength - 7 + callLength + 2;
            bytes("lea r%d, [function]".formatted(register), 0x48 | register >> 3 << 2, 0x8d, (register & 7) << 3 | 5);
            number(rest);
        }
        if (kind == 2) {
            throughPointer(register >> 3 << 2 | 8, 0x89, register & 7, pointer, 64);
        }
        switch (kind) {
            case 0 -> {
                bytes("call", 0xe8);
                number(2);
            }
            case 1 -> bytes("call r", 0x40 | register >> 3, 0xff, 0xd0 | register & 7);
            default -> throughPointer(0, 0xff, 2, pointer, 64);
        }
        bytes("jmp end", 0xeb, body.length + (pops ? 3 : 1));
        out.writeBytes(body);
        if (pops) {
            bytes("ret 16", 0xc2, 0x10, 0);
        } else {
            bytes("ret", 0xc3);
        }
    }

    private static boolean plain(Instance instance) {
        return instance.memory() == null && !instance.row().has(Attribute.STACK);
    }

    private static int sib(int base) {
        return (base & 7) == 4 ? 1 : 0;
    }

    /** An instruction with REX whose operand is at an offset from a pointer: 7 bytes, 8 with SIB. */
    private void throughPointer(int rex, int opcode, int reg, int pointer, int offset) {
        bytes("%02x /%d [r%d+%d]".formatted(opcode, reg, pointer, offset), 0x40 | rex | pointer >> 3, opcode);
        out.write(0x80 | reg << 3 | pointer & 7);
        if (sib(pointer) != 0) {
            out.write(0x24);
        }
        number(offset);
    }

    private void jump() {
        text.add("jmp over");
        byte[] body = apart(5, 1, instance -> true);
        if (random.nextBoolean()) {
            bytes("end", 0xe9);
            number(body.length);
            out.writeBytes(body);
            return;
        }
        // RIP-relative operands of the skipped instruction do not matter.
        int register = instances.free();
        bytes("lea r%d, [end]".formatted(register), 0x48 | register >> 3 << 2, 0x8d, (register & 7) << 3 | 5);
        number(3 + body.length);
        bytes("jmp r", 0x40 | register >> 3, 0xff, 0xe0 | register & 7);
        out.writeBytes(body);
    }

    private void string() {
        throughPointer(8, 0x8d, 6, instances.pointer(), random.nextInt(256) - 128);
        throughPointer(8, 0x8d, 7, instances.pointer(), random.nextInt(256) - 128);
        bytes("mov ecx, n", 0xb9);
        number(random.nextInt(LONGEST_COUNT));
        if (random.nextInt(3) == 0) {
            bytes("std", 0xfd);
        }
        int[] opcodes = {0xa4, 0xa6, 0xaa, 0xac, 0xae};
        int opcode = opcodes[random.nextInt(opcodes.length)];
        int size = random.nextInt(4);
        int rep = random.nextInt(3);
        if (size == 1) {
            out.write(0x66);
        }
        if (rep > 0) {
            out.write(rep == 1 ? 0xf3 : 0xf2);
        }
        if (size == 3) {
            out.write(0x48);
        }
        bytes("string rep %d size %d".formatted(rep, 1 << size), size == 0 ? opcode : opcode + 1);
        if (random.nextBoolean()) {
            bytes("cld", 0xfc);
        }
    }

    /** DIV of a dividend with nothing in its upper half, or IDIV of a sign-extended one, by a small number. */
    private void divide() {
        int register;
        do {
            register = instances.free();
        } while (register == 0 || register == 2);
        int size = random.nextInt(4);
        boolean signed = random.nextBoolean();
        if (signed) {
            bytes("and r%d, 0x7f".formatted(register), 0x40 | register >> 3, 0x83, 0xe0 | register & 7, 0x7f);
        }
        bytes("or r%d, 1".formatted(register), 0x40 | register >> 3, 0x83, 0xc8 | register & 7, 1);
        if (signed) {
            if (size < 2) {
                out.write(0x66);
            }
            if (size == 3) {
                out.write(0x48);
            }
            bytes("extend", size == 0 ? 0x98 : 0x99);
        } else if (size == 0) {
            bytes("movzx eax, al", 0x0f, 0xb6, 0xc0);
        } else {
            bytes("xor edx, edx", 0x31, 0xd2);
        }
        if (size == 1) {
            out.write(0x66);
        }
        bytes(
                "divide by r%d".formatted(register),
                0x40 | (size == 3 ? 8 : 0) | register >> 3,
                size == 0 ? 0xf6 : 0xf7,
                (signed ? 0xf8 : 0xf0) | register & 7);
    }

    /** BT and the like in memory with a bit offset from a register. */
    private void bitOffset() {
        int register = instances.free();
        bytes("and r%d, 0x1ff".formatted(register), 0x40 | register >> 3, 0x81, 0xe0 | register & 7);
        number(0x1ff);
        int pointer = instances.pointer();
        int operation = 0xa3 + 8 * random.nextInt(4);
        int w = random.nextBoolean() ? 8 : 0;
        bytes("bt r%d".formatted(register), 0x40 | w | register >> 3 << 2 | pointer >> 3, 0x0f, operation);
        out.write(0x80 | (register & 7) << 3 | pointer & 7);
        if (sib(pointer) != 0) {
            out.write(0x24);
        }
        number(random.nextInt(512) - 256);
    }

    /** XLAT; POPF of changed flags; PUSH and POP of memory at RSP, which counts before the one and after the other. */
    private void small() {
        int choice = random.nextInt(4);
        if (choice == 0) {
            bytes("push qword [rsp+n]", 0xff, 0xb4, 0x24);
            number(random.nextInt(256) - 128);
        } else if (choice == 1) {
            bytes("pop qword [rsp+n]", 0x8f, 0x84, 0x24);
            number(random.nextInt(256) - 128);
        } else if (choice == 2) {
            int pointer = instances.pointer();
            bytes("mov rbx, r%d".formatted(pointer), 0x48 | pointer >> 3 << 2, 0x89, 0xc3 | (pointer & 7) << 3);
            bytes("xlat", 0xd7);
        } else {
            bytes("pushfq; xor dword [rsp], n; popfq", 0x9c, 0x81, 0x34, 0x24);
            number(random.nextInt() & 0xcd5);
            out.write(0x9d);
        }
    }
}
