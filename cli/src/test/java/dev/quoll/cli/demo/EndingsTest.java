package dev.quoll.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.cli.demo.Assembler.Reg;
import dev.quoll.machine.Engines;
import dev.quoll.machine.Outcome;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every way in which a guest can end a machine, each by a guest of a few instructions. */
@Timeout(120)
class EndingsTest {
    private static final int LOAD_ADDRESS = 0x100000;
    private static final int MULTIBOOT_MAGIC = 0x1badb002;
    private static final int MULTIBOOT_ADDRESSES = 1 << 16;

    private static Outcome run(Consumer<Assembler> body) throws Exception {
        Assembler guest = new Assembler(LOAD_ADDRESS);
        guest.label("header").int32(MULTIBOOT_MAGIC).int32(MULTIBOOT_ADDRESSES).int32(-(MULTIBOOT_MAGIC + MULTIBOOT_ADDRESSES));
        guest.address("header").address("header").address("end").address("end").address("start").label("start");
        body.accept(guest);
        guest.label("forever").jump("forever").label("end");
        try (Pc pc = new PcBuilder()
                .engine(Engines.named("emulator"))
                .memory(4 << 20)
                .reboot(false)
                .debugExit(true)
                .kernel(KernelImage.parse(guest.assemble()))
                .build()) {
            pc.machine().start();
            return pc.machine().await(60, TimeUnit.SECONDS).orElseThrow(() -> new AssertionError("no end"));
        }
    }

    @Test
    void aFaultWithoutAnInterruptTableIsACrash() throws Exception {
        assertThat(run(guest -> guest.code(0x0f, 0x0b))).isInstanceOf(Outcome.Crashed.class); // ud2
    }

    @Test
    void haltingWithInterruptsMaskedIsTheEnd() throws Exception {
        assertThat(run(guest -> guest.code(0xfa, 0xf4))).isInstanceOf(Outcome.Halted.class); // cli, hlt
    }

    @Test
    void everyResetIsTold() throws Exception {
        assertThat(run(guest -> guest.move(Reg.EAX, 6).out(0xcf9))).isEqualTo(new Outcome.Reset("port 0xcf9"));
        assertThat(run(guest -> guest.move(Reg.EAX, 1).out(0x600)))
                .isEqualTo(new Outcome.Reset("ACPI reset register"));
        assertThat(run(guest -> guest.move(Reg.EAX, 0xfe).out(0x64))).isInstanceOf(Outcome.Reset.class);
    }

    @Test
    void theDebugExitPortSetsTheStatus() throws Exception {
        assertThat(run(guest -> guest.move(Reg.EAX, 21).out(0xf4))).isEqualTo(new Outcome.Exited(43));
    }
}
