package dev.quoll.devices.time;

/**
 * Proleptic Gregorian calendar arithmetic on plain integers: {@code java.time} allocates, and clock registers are read
 * in polling loops. Days count from 1970-01-01. The method is the usual one of eras of 400 years that begin on 1 March.
 */
final class CalendarFields {
    static final long SECONDS_PER_DAY = 86_400;

    private static final int DAYS_PER_ERA = 146_097;
    /** Days from 0000-03-01 to 1970-01-01. */
    private static final int EPOCH_SHIFT = 719_468;

    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    /** 1 = Sunday. */
    int weekday;

    /** Sets all fields from seconds since 1970-01-01T00:00Z. */
    void set(long epochSecond) {
        long days = Math.floorDiv(epochSecond, SECONDS_PER_DAY);
        int rest = (int) Math.floorMod(epochSecond, SECONDS_PER_DAY);
        hour = rest / 3600;
        minute = rest / 60 % 60;
        second = rest % 60;
        weekday = Math.floorMod(days + 4, 7) + 1;
        long shifted = days + EPOCH_SHIFT;
        long era = Math.floorDiv(shifted, DAYS_PER_ERA);
        int dayOfEra = Math.floorMod(shifted, DAYS_PER_ERA);
        int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / (DAYS_PER_ERA - 1)) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int marchMonth = (5 * dayOfYear + 2) / 153;
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1;
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
        year = (int) (yearOfEra + era * 400) + (month <= 2 ? 1 : 0);
    }

    /** Seconds since the epoch; fields out of their ranges carry into the larger ones. */
    long epochSecond() {
        long months = year * 12L + month - 1;
        long y = Math.floorDiv(months, 12);
        int m = Math.floorMod(months, 12) + 1;
        y -= m <= 2 ? 1 : 0;
        long era = Math.floorDiv(y, 400);
        int yearOfEra = Math.floorMod(y, 400);
        int dayOfYear = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + day - 1;
        long dayOfEra = yearOfEra * 365L + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        long days = era * DAYS_PER_ERA + dayOfEra - EPOCH_SHIFT;
        return days * SECONDS_PER_DAY + hour * 3600L + minute * 60L + second;
    }
}
