package dev.quoll.devices.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.RecordingLine;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CmosRtcTest {
    private static final long SECOND = 1_000_000_000L;

    private final LocalDateTime start = LocalDateTime.of(2026, 2, 28, 23, 59, 58);
    private final ManualTime time = new ManualTime(start.toEpochSecond(ZoneOffset.UTC) * SECOND);
    private final RecordingLine line = new RecordingLine();
    private final CmosRtc rtc = new CmosRtc(line, time, time.timers());

    @AfterEach
    void close() {
        time.close();
    }

    private int read(int index) {
        rtc.writePort(0, 1, index);
        return rtc.readPort(1, 1);
    }

    private void write(int index, int value) {
        rtc.writePort(0, 1, index);
        rtc.writePort(1, 1, value);
    }

    private String date() {
        return "%02x%02x-%02x-%02x %02x:%02x:%02x"
                .formatted(read(0x32), read(9), read(8), read(7), read(4), read(2), read(0));
    }

    @Test
    void showsTheWallClockInBcdAndRollsOver() {
        assertThat(date()).isEqualTo("2026-02-28 23:59:58");
        assertThat(read(6)).as("a Saturday").isEqualTo(7);
        time.advance(2 * SECOND);
        assertThat(date()).isEqualTo("2026-03-01 00:00:00");
        assertThat(read(6)).isEqualTo(1);
        assertThat(read(13)).isEqualTo(0x80);
    }

    @Test
    void binaryAndTwelveHourModes() {
        write(11, 0x06);
        assertThat(read(0)).isEqualTo(58);
        assertThat(read(0x32)).isEqualTo(20);
        write(11, 0x00);
        assertThat(read(4)).as("11 PM").isEqualTo(0x91);
        time.advance(2 * SECOND);
        assertThat(read(4)).as("12 AM").isEqualTo(0x12);
        time.advance(12 * 3600 * SECOND);
        assertThat(read(4)).as("12 PM").isEqualTo(0x92);
    }

    @Test
    void settingHoldsTheClock() {
        write(11, 0x82);
        write(0x32, 0x19);
        write(9, 0x99);
        write(8, 0x12);
        write(7, 0x31);
        write(4, 0x23);
        write(2, 0x59);
        write(0, 0x30);
        time.advance(100 * SECOND);
        assertThat(date()).isEqualTo("1999-12-31 23:59:30");
        write(11, 0x02);
        time.advance(30 * SECOND);
        assertThat(date()).isEqualTo("2000-01-01 00:00:00");
        write(4, 0x07);
        assertThat(date()).as("a lone write sets one field").isEqualTo("2000-01-01 07:00:00");
    }

    @Test
    void updateInProgressJustBeforeTheSecond() {
        assertThat(read(10)).isEqualTo(0x26);
        time.advance(SECOND - 2_228_001);
        assertThat(read(10)).isEqualTo(0x26);
        time.advance(1);
        assertThat(read(10)).isEqualTo(0xa6);
        time.advance(2_228_000);
        assertThat(read(10)).isEqualTo(0x26);
    }

    @Test
    void updateInterruptIsHeldUntilRegisterCIsRead() {
        write(11, 0x12);
        time.advance(SECOND);
        assertThat(line.high()).isTrue();
        time.advance(5 * SECOND);
        assertThat(line.edges()).isEqualTo(1);
        // The other flags rise too, with their interrupts off: midnight is the alarm at power-on.
        assertThat(read(12)).isEqualTo(0xf0);
        assertThat(line.high()).isFalse();
        assertThat(read(12)).isZero();
        time.advance(SECOND);
        assertThat(line.edges()).isEqualTo(2);
    }

    @Test
    void periodicInterruptRates() {
        write(10, 0x26);
        write(11, 0x42);
        int edges = 0;
        // 1024 Hz: read register C after each, as a handler does.
        for (int i = 0; i < 1024; i++) {
            time.advance(976_563);
            if ((read(12) & 0x40) != 0) {
                edges++;
            }
        }
        assertThat(edges).isBetween(1023, 1025);
        assertThat(line.edges()).isBetween(1023, 1025);
        write(10, 0x20);
        int before = line.edges();
        time.advance(SECOND);
        assertThat(line.edges()).as("rate 0 is off").isEqualTo(before);
    }

    @Test
    void alarmAtATimeAndEveryMinute() {
        write(1, 0x05);
        write(3, 0x00);
        write(5, 0x00);
        write(11, 0x22);
        time.advance(6 * SECOND, SECOND);
        assertThat(line.high()).isFalse();
        time.advance(SECOND);
        assertThat(line.high()).isTrue();
        assertThat(read(12) & 0xa0).isEqualTo(0xa0);
        time.advance(3600 * SECOND);
        assertThat(line.high()).isFalse();
        write(3, 0xff);
        write(5, 0xc0);
        int edges = line.edges();
        for (int i = 0; i < 120; i++) {
            time.advance(SECOND);
            read(12);
        }
        assertThat(line.edges() - edges).isEqualTo(2);
    }

    @Test
    void memoryKeepsItsBytesOverReset() {
        rtc.setMemory(0x15, 0x80);
        write(0x7f, 0x5a);
        write(11, 0x72);
        rtc.reset();
        assertThat(read(0x15)).isEqualTo(0x80);
        assertThat(read(0x7f)).isEqualTo(0x5a);
        assertThat(read(11)).isEqualTo(0x02);
    }

    @Test
    void calendarAgreesWithJavaTime() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        CalendarFields fields = new CalendarFields();
        for (int i = 0; i < 200_000; i++) {
            long second = random.nextLong(-70_000_000_000L, 260_000_000_000L);
            LocalDateTime expected = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
            fields.set(second);
            assertThat(LocalDateTime.of(
                            fields.year, fields.month, fields.day, fields.hour, fields.minute, fields.second))
                    .as("seed %d second %d", seed, second)
                    .isEqualTo(expected);
            assertThat(fields.weekday - 1).isEqualTo(expected.getDayOfWeek().getValue() % 7);
            assertThat(fields.epochSecond()).isEqualTo(second);
        }
    }
}
