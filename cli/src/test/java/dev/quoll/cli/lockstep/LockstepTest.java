package dev.quoll.cli.lockstep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.cli.guests.GuestMachine;
import dev.quoll.cli.guests.OwnGuest;
import dev.quoll.cli.guests.OwnGuests;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Kind;
import dev.quoll.machine.Engine;
import dev.quoll.machine.Engines;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The comparison itself, on two emulators of which one may be broken. */
@Timeout(120)
class LockstepTest {
    private static final long ENOUGH = 100_000;

    private static Engine emulator() throws Exception {
        return Engines.named("emulator");
    }

    private static Lockstep.Result compare(String guest, Engine other, int every) throws Exception {
        OwnGuest known = OwnGuests.named(guest).orElseThrow();
        try (GuestMachine left = new GuestMachine(known, emulator());
                GuestMachine right = new GuestMachine(known, other)) {
            left.machine().startPaused();
            right.machine().startPaused();
            return new Lockstep(
                            new Lockstep.Side("emulator", left.machine()),
                            new Lockstep.Side(other.name(), right.machine()),
                            every)
                    .run(ENOUGH);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void aWrongRegisterIsFoundAtItsStep(int every) throws Exception {
        Engine broken = new BrokenEngine(emulator(), 57, BrokenEngine.element(Kind.GENERAL, element -> {
            CpuElement.General general = (CpuElement.General) element;
            List<Long> registers = new ArrayList<>(general.registers());
            registers.set(12, registers.get(12) ^ 1L << 63);
            return new CpuElement.General(registers, general.rip(), general.rflags());
        }));
        assertThat(compare("integer", broken, every)).isInstanceOfSatisfying(Lockstep.Result.Different.class, found -> {
            assertThat(found.step()).isEqualTo(every == 1 ? 57 : 60);
            assertThat(found.differences()).containsOnlyKeys("R12");
            assertThat(found.differences().get("R12")).containsExactly("0000000000000000", "8000000000000000");
            assertThat(found.report())
                    .startsWith("The engines differ after %d instructions.".formatted(found.step()))
                    .contains("The last instructions:", found.instruction(), "State on emulator:", "State on broken:");
        });
    }

    @Test
    void aWrongVectorRegisterAndAWrongSegmentAreFoundToo() throws Exception {
        Engine vector = new BrokenEngine(emulator(), 40, BrokenEngine.element(Kind.XSAVE, element -> {
            byte[] area = ((CpuElement.Xsave) element).area().clone();
            area[160 + 16 * 5] ^= 4;
            return new CpuElement.Xsave(area);
        }));
        assertThat(compare("gaps", vector, 1)).isInstanceOfSatisfying(
                Lockstep.Result.Different.class, found -> assertThat(found.differences()).containsOnlyKeys("XMM5"));
        Engine table = new BrokenEngine(emulator(), 5, BrokenEngine.element(Kind.SEGMENTS, element -> {
            CpuElement.Segments s = (CpuElement.Segments) element;
            return new CpuElement.Segments(
                    s.es(), s.cs(), s.ss(), s.ds(), s.fs(), s.gs(), s.ldtr(), s.tr(), s.gdtr(), new CpuElement.Table(0x7000, 7));
        }));
        assertThat(compare("segment", table, 1)).isInstanceOfSatisfying(Lockstep.Result.Different.class, found -> {
            assertThat(found.step()).isEqualTo(5);
            assertThat(found.differences()).containsOnlyKeys("IDTR");
        });
    }

    @Test
    void wrongMemoryIsFoundAtTheEnd() throws Exception {
        Engine broken = new BrokenEngine(emulator(), 20, (_, machine) -> machine.memory().writeByte(0x30_0005, (byte) 1));
        assertThat(compare("string", broken, 1)).isInstanceOfSatisfying(Lockstep.Result.Different.class, found -> {
            assertThat(found.differences()).containsOnlyKeys("memory at 0x300000");
            assertThat(found.differences().get("memory at 0x300000"))
                    .containsExactly("0000000000000000", "0000010000000000");
        });
    }

    @Test
    void flagsThatTheManualsLeaveOpenAreNoDifference() throws Exception {
        // Behind a division no arithmetic flag has a meaning; behind the MOV in front of it the carry has.
        int division = stepOf("integer", "div");
        BrokenEngine.Fault carry = BrokenEngine.element(Kind.GENERAL, element -> {
            CpuElement.General general = (CpuElement.General) element;
            return new CpuElement.General(general.registers(), general.rip(), general.rflags() ^ 1);
        });
        Engine other = new BrokenEngine(emulator(), division, carry);
        assertThat(compare("integer", other, 1)).isInstanceOfSatisfying(
                Lockstep.Result.Same.class, same -> assertThat(same.aligned()).isEqualTo(1));
        Engine wrong = new BrokenEngine(emulator(), division - 1, carry);
        assertThat(compare("integer", wrong, 1)).isInstanceOfSatisfying(
                Lockstep.Result.Different.class, found -> assertThat(found.differences()).containsOnlyKeys("RFLAGS"));
    }

    /** The number of the step that executes the first instruction of that name. */
    private static int stepOf(String guest, String mnemonic) throws Exception {
        for (int step = 1; ; step++) {
            Engine probe = new BrokenEngine(emulator(), step, BrokenEngine.element(Kind.DEBUG, _ ->
                    new CpuElement.Debug(1, 0, 0, 0, 0xffff_0ff0L, 0x400)));
            Lockstep.Result.Different found = (Lockstep.Result.Different) compare(guest, probe, 1);
            if (found.instruction().matches(".*  " + mnemonic + " .*")) {
                return step;
            }
        }
    }
}
