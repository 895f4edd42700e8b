#!/usr/bin/perl
# Writes the manual, man pages and HTML, out of the comments of the public headers:
# manual.pl VERSION DATE OUT TOOL HEADERS...
# OUT/man/man{1,3,7}, OUT/html; TOOL is the command `multirank`, whose help becomes its page.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use lib dirname(__FILE__);
use Headers;
use Html;
use Pages;
use Roff;

sub write_file {
    my ($path, $text) = @_;
    make_path(dirname($path));
    open my $file, '>', $path or die "manual: cannot write $path: $!\n";
    print $file $text;
    close $file or die "manual: cannot write $path: $!\n";
}

sub help_of {
    my ($tool) = @_;
    open my $help, '-|', $tool, 'help' or die "manual: cannot run $tool: $!\n";
    local $/;
    my $text = <$help> // '';
    close $help or die "manual: `$tool help` has failed\n";
    return $text;
}

die "usage: manual.pl VERSION DATE OUT TOOL HEADERS...\n" if @ARGV < 5;
my ($version, $date, $out, $tool, @paths) = @ARGV;
my @headers = map { Headers::read_header($_) } @paths;
my @calls = Pages::calls(\@headers);
my @concepts = Pages::concepts(\@headers, \@calls);
my $command = Pages::command(help_of($tool));

remove_tree("$out/man", "$out/html"); # pages of calls that are no more
for my $call (@calls) {
    write_file("$out/man/man3/$call->{name}.3", Roff::call($call, $version, $date));
    write_file("$out/man/man3/$_.3", ".so man3/$call->{name}.3\n") for grep { $_ ne $call->{name} } @{ $call->{names} };
}
write_file("$out/man/man7/$_->{name}.7", Roff::concept($_, $version, $date)) for @concepts;
write_file("$out/man/man1/multirank.1", Roff::command($command, $version, $date));
my %files = Html::files(\@concepts, \@calls, $command, $version);
write_file("$out/html/$_", $files{$_}) for keys %files;
