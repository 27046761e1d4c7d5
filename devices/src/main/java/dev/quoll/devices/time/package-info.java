/** Clocks and interval timers: MC146818 RTC, 8254 PIT, HPET. */
package dev.quoll.devices.time;
