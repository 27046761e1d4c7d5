package dev.quoll.cli.demo;

import static dev.quoll.cli.demo.Assembler.Reg.EAX;
import static dev.quoll.cli.demo.Assembler.Reg.EBP;
import static dev.quoll.cli.demo.Assembler.Reg.EBX;
import static dev.quoll.cli.demo.Assembler.Reg.ECX;
import static dev.quoll.cli.demo.Assembler.Reg.EDI;
import static dev.quoll.cli.demo.Assembler.Reg.EDX;
import static dev.quoll.cli.demo.Assembler.Reg.ESI;
import static dev.quoll.cli.demo.Assembler.Reg.ESP;

import dev.quoll.cli.demo.Assembler.If;

/**
 * A guest of our own, a multiboot kernel of a few hundred bytes: it greets over the serial port, says what CPU it is on,
 * counts ticks of the local APIC's timer, echoes keys, and powers itself off through ACPI's sleep register. It shows every
 * part of a machine at work without any file from elsewhere.
 */
public final class DemoGuest {
    /** Ticks of the guest's timer in a second. */
    public static final int TICKS_PER_SECOND = 10;

    private static final int LOAD_ADDRESS = 0x100000;
    private static final int STACK_SIZE = 0x1000;

    /** Multiboot Specification 0.6.96, 3.1.1; flag 16 says that the address fields are there. */
    private static final int MULTIBOOT_MAGIC = 0x1badb002;
    private static final int MULTIBOOT_ADDRESSES = 1 << 16;

    private static final int SERIAL = 0x3f8;
    private static final int SERIAL_INTERRUPT_ENABLE = SERIAL + 1;
    private static final int RECEIVE_INTERRUPT = 1;
    private static final int SERIAL_STATUS = SERIAL + 5;
    private static final int STATUS_DATA_READY = 0x01;
    private static final int STATUS_TRANSMITTER_EMPTY = 0x20;

    private static final int PIC_MASTER_MASK = 0x21;
    private static final int PIC_SLAVE_MASK = 0xa1;

    /** Port of the board's sleep control register, and SLP_TYP 5 with SLP_EN in it (ACPI 6.5, 4.8.3.7). */
    private static final int SLEEP_CONTROL = 0x600;
    private static final int SLEEP_S5 = 5 << 2 | 0x20;

    /** Local APIC registers (SDM vol. 3, table 12-1). */
    private static final int APIC_EOI = 0xfee000b0;
    private static final int APIC_SPURIOUS = 0xfee000f0;
    private static final int APIC_TIMER = 0xfee00320;
    private static final int APIC_INITIAL_COUNT = 0xfee00380;
    private static final int APIC_DIVIDE = 0xfee003e0;
    private static final int APIC_ENABLE = 1 << 8;
    private static final int SPURIOUS_VECTOR = 0xff;
    private static final int DIVIDE_BY_1 = 0xb;
    private static final int TIMER_PERIODIC = 1 << 17;
    private static final int TIMER_VECTOR = 0x40;

    /** The hypervisor's first leaf; EAX is the number of the last. */
    private static final int HYPERVISOR_LEAF = 0x40000000;
    /** The hypervisor's leaf with the local APIC timer's frequency in EBX, in kHz. */
    private static final int TIMING_LEAF = 0x40000010;
    private static final int USUAL_TIMER_KHZ = 1_000_000;
    private static final int BRAND_LEAVES = 0x80000002;
    private static final int BRAND_LEAVES_END = 0x80000005;

    private static final int CODE_SELECTOR = 0x08;
    private static final int DATA_SELECTOR = 0x10;
    /** Flat 32-bit segments of 4 GiB, upper halves (SDM vol. 3, 3.4.5). */
    private static final int CODE_DESCRIPTOR_HIGH = 0x00cf9b00;
    private static final int DATA_DESCRIPTOR_HIGH = 0x00cf9300;
    /** Present, DPL 0, 32-bit interrupt gate. */
    private static final int INTERRUPT_GATE = 0x8e00;

    private DemoGuest() {}

    /**
     * The guest's image.
     *
     * @param ticks after how many ticks it powers off by itself; 0 is never
     */
    public static byte[] image(int ticks) {
        Assembler guest = new Assembler(LOAD_ADDRESS);
        header(guest);
        start(guest);
        loop(guest, ticks);
        tickHandler(guest);
        printing(guest);
        data(guest);
        return guest.assemble();
    }

    private static void header(Assembler guest) {
        guest.label("header")
                .int32(MULTIBOOT_MAGIC)
                .int32(MULTIBOOT_ADDRESSES)
                .int32(-(MULTIBOOT_MAGIC + MULTIBOOT_ADDRESSES))
                .address("header")
                .address("header")
                .address("end")
                .address("end")
                .address("start");
    }

    private static void start(Assembler guest) {
        // A multiboot kernel may not rely on the loader's descriptor table (3.2); interrupts need one.
        guest.label("start").code(0x0f, 0x01, 0x15).address("gdt_register"); // lgdt
        guest.code(0xea).address("own_segments").int16(CODE_SELECTOR).label("own_segments"); // jmp far
        guest.move(EAX, DATA_SELECTOR).code(0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0); // mov ds, es, ss
        guest.moveAddress(ESP, "stack_top");
        // The interrupt itself stays masked; input from a pipe waits for a guest that says by this that it listens.
        guest.move(EAX, RECEIVE_INTERRUPT).out(SERIAL_INTERRUPT_ENABLE);
        guest.moveAddress(ESI, "banner").call("print");

        guest.moveAddress(EDI, "brand").move(EBP, BRAND_LEAVES).label("next_brand_leaf").move(EAX, EBP).code(0x0f, 0xa2); // cpuid
        guest.store(EDI, 0, EAX).store(EDI, 4, EBX).store(EDI, 8, ECX).store(EDI, 12, EDX);
        guest.add(EDI, 16).add(EBP, 1).compare(EBP, BRAND_LEAVES_END).jumpIf(If.NOT_ZERO, "next_brand_leaf");
        guest.moveAddress(ESI, "brand").call("print").moveAddress(ESI, "keys").call("print");

        // The gate's offset is in two halves; the upper one goes in by a 16-bit shift of the address.
        guest.moveAddress(EAX, "tick").move(ECX, EAX).code(0x25).int32(0xffff); // and eax, 0xffff
        guest.code(0x0d).int32(CODE_SELECTOR << 16).store("timer_gate", EAX); // or eax, selector
        guest.code(0x81, 0xe1).int32(0xffff0000).code(0x81, 0xc9).int32(INTERRUPT_GATE); // and, or ecx
        guest.store("timer_gate_high", ECX);
        guest.code(0x0f, 0x01, 0x1d).address("idt_register"); // lidt
        // Where there are 8259s a loader may have left them unmasked.
        guest.move(EAX, 0xff).out(PIC_MASTER_MASK).out(PIC_SLAVE_MASK);

        guest.move(EAX, HYPERVISOR_LEAF).code(0x0f, 0xa2).move(EBX, USUAL_TIMER_KHZ); // cpuid
        guest.compare(EAX, TIMING_LEAF).jumpIf(If.BELOW, "frequency_known");
        guest.move(EAX, TIMING_LEAF).code(0x0f, 0xa2).label("frequency_known"); // cpuid
        guest.multiply(EAX, EBX, 1000 / TICKS_PER_SECOND);
        guest.store(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR)
                .store(APIC_DIVIDE, DIVIDE_BY_1)
                .store(APIC_TIMER, TIMER_PERIODIC | TIMER_VECTOR)
                .store(APIC_INITIAL_COUNT, EAX)
                .code(0xfb); // sti
    }

    private static void loop(Assembler guest, int ticks) {
        guest.label("loop").code(0xf4); // hlt
        guest.label("key").in(SERIAL_STATUS).code(0xa8, STATUS_DATA_READY).jumpIf(If.ZERO, "no_key"); // test al
        guest.in(SERIAL).code(0x3c, 'q').jumpIf(If.ZERO, "power_off"); // cmp al
        guest.call("put").jump("key");
        guest.label("no_key");
        // Once a second the count is shown.
        guest.load(EAX, "ticks").load(ECX, "shown").code(0x29, 0xc8); // sub eax, ecx
        guest.compare(EAX, TICKS_PER_SECOND).jumpIf(If.BELOW, "not_yet");
        guest.add(ECX, TICKS_PER_SECOND).store("shown", ECX);
        guest.moveAddress(ESI, "ticked").call("print").load(EAX, "shown").call("print_number");
        guest.moveAddress(ESI, "line_end").call("print");
        guest.label("not_yet");
        if (ticks > 0) {
            guest.load(EAX, "ticks").compare(EAX, ticks).jumpIf(If.BELOW, "loop");
        } else {
            guest.jump("loop");
        }
        guest.label("power_off").moveAddress(ESI, "farewell").call("print");
        guest.move(EAX, SLEEP_S5).out(SLEEP_CONTROL);
        guest.code(0xfa).label("off").code(0xf4).jump("off"); // cli; hlt
    }

    private static void tickHandler(Assembler guest) {
        guest.label("tick").increment("ticks").store(APIC_EOI, 0).code(0xcf); // iret
    }

    private static void printing(Assembler guest) {
        // print: the text at ESI, up to its zero.
        guest.label("print").code(0x8a, 0x06).code(0x84, 0xc0).jumpIf(If.ZERO, "printed"); // mov al, [esi]; test al, al
        guest.call("put").add(ESI, 1).jump("print").label("printed").code(0xc3); // ret

        // put: the character in AL.
        guest.label("put").push(EAX).label("wait").in(SERIAL_STATUS).code(0xa8, STATUS_TRANSMITTER_EMPTY); // test al
        guest.jumpIf(If.ZERO, "wait").pop(EAX).out(SERIAL).code(0xc3); // ret

        // print_number: EAX in decimal; the digits come last first, so they wait on the stack.
        guest.label("print_number").move(EBX, 0).label("next_digit");
        guest.move(EDX, 0).move(ECX, 10).code(0xf7, 0xf1); // div ecx
        guest.push(EDX).add(EBX, 1).compare(EAX, 0).jumpIf(If.NOT_ZERO, "next_digit");
        guest.label("put_digit").pop(EAX).add(EAX, '0').call("put");
        guest.add(EBX, -1).compare(EBX, 0).jumpIf(If.NOT_ZERO, "put_digit").code(0xc3); // ret
    }

    private static void data(Assembler guest) {
        guest.label("banner").text("\r\nHello from a guest of Quoll.\r\nMy CPU says it is: ");
        guest.label("keys").text("\r\nKeys are echoed; q powers the machine off.\r\n");
        guest.label("ticked").text("ticks: ");
        guest.label("line_end").text("\r\n");
        guest.label("farewell").text("\r\nPowering off.\r\n");
        guest.label("brand").space(49);
        guest.label("ticks").int32(0);
        guest.label("shown").int32(0);
        guest.label("gdt_register").int16(3 * 8 - 1).address("gdt");
        guest.label("gdt").space(8).int32(0xffff).int32(CODE_DESCRIPTOR_HIGH).int32(0xffff).int32(DATA_DESCRIPTOR_HIGH);
        guest.label("idt_register").int16((TIMER_VECTOR + 1) * 8 - 1).address("idt");
        guest.label("idt").space(TIMER_VECTOR * 8).label("timer_gate").space(4).label("timer_gate_high").space(4);
        guest.space(STACK_SIZE).label("stack_top").label("end");
    }
}
