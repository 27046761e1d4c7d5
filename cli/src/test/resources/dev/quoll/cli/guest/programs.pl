# Prints results of Perl's numbers, strings, regular expressions, hashes and sorting.
use strict;
use warnings;

my $state = 12345;
sub random_number { $state = ($state * 1103515245 + 12345) & 0x7fffffff; return $state; }

printf "%.17g %.15e %s %s\n", 0.1 + 0.2, 1 / 3, 1e21, 2**0.5;
printf "%.17g %.17g %.17g %.17g %.17g\n", sin($_), cos($_), exp(-$_), log(1 + $_), atan2($_, 3) for map { $_ * 0.37 } 0 .. 20;
printf "%d %s %x %o %b %s\n", 2**53, 2**64, 0xdeadbeef, 511, 1023, 18446744073709551615 % 1000007;

my @numbers = map { random_number() } 1 .. 3000;
my @sorted = sort { $a <=> $b || $a cmp $b } @numbers;
print "@sorted[0 .. 4] @sorted[-3 .. -1]\n";

my %count;
$count{ $_ % 97 }++ for @numbers;
print join(",", map { "$_=$count{$_}" } sort { $count{$b} <=> $count{$a} || $a <=> $b } keys %count), "\n";

my $text = join " ", map { join "", map { chr(97 + random_number() / 65536 % 26) } 1 .. 1 + random_number() / 65536 % 9 } 1 .. 2000;
my @doubled = $text =~ /\b(\w*(\w)\2\w*)\b/g;
print scalar(@doubled), " $doubled[0] $doubled[-2]\n";
(my $swapped = $text) =~ s/(\w+) (\w+)/$2 $1/g;
print substr($swapped, 0, 70), " ", unpack("%32C*", $swapped), " ", length $swapped, "\n";
my $nested = qr/\((?:[^()]++|(?R))*\)/;
print "nested: $&\n" if "x (a (b c) (d (e)) f) y)" =~ $nested;
print join("|", split /\s*[,;]\s*/, "one , two;three ;  four"), " ", ucfirst lc "MIXED", " ", scalar reverse("desserts"), "\n";
print unpack("H*", pack "NnCwd<f>q<", 1, 2, 3, 300, 1.1, -2.5, -9), " ", sprintf("%vd", "1.22.333"), "\n";
my ($fast, $slow) = (0, 0);
eval { die { code => 42 } };
print "died: $@->{code}\n";
local $SIG{ALRM} = sub { $fast = 1 };
kill ALRM => $$;
print "signal: $fast\n";
pipe(my $from, my $to) or die;
if (!fork) { print $to "from the child\n"; close $to; exit 3; }
close $to;
print scalar <$from>;
wait;
print "status: ", $? >> 8, "\n";
