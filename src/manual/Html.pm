# The same pages in HTML: one file for each page of section 7, with the calls of that part, and an index.
package Html;
use strict;
use warnings;

my $style = 'body{max-width:52em;margin:2em auto;padding:0 1em;font:1em/1.5 sans-serif;color:#222}'
    . 'pre{background:#f4f4f2;padding:.7em;overflow-x:auto}h2{margin-top:2.2em;border-top:1px solid #ccc;padding-top:.6em}'
    . 'dt{font-weight:bold}a{color:#0b57a4}';

sub escape {
    my ($text) = @_;
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $text =~ s/>/&gt;/g;
    return $text;
}

sub words {
    my ($text, $places) = @_;
    $text = escape($text =~ s/\s+/ /gr);
    $text =~ s{`([^`]*)`}{<code>$1</code>}g;
    $text =~ s{\b((?:mr|MR)_\w+)}{$places->{$1} ? qq{<a href="$places->{$1}"><code>$1</code></a>} : "<code>$1</code>"}ge;
    return $text;
}

sub text {
    my ($text, $places) = @_;
    my ($out, @words, $list) = ('');
    my $flush = sub { $out .= '<p>' . ($list ? '&bull; ' : '') . words("@words", $places) . "</p>\n" if @words; @words = (); $list = 0 };
    my @lines = split /\n/, $text;
    while (@lines) {
        my $line = shift @lines;
        if ($line =~ /^\s*$/) { $flush->() }
        elsif ($line =~ /^- (.*)/) { $flush->(); $list = 1; @words = ($1) }
        elsif ($line =~ /^ {4}/) {
            $flush->();
            my @code = ($line);
            push @code, shift @lines while @lines && $lines[0] =~ /^ {4}|^\s*$/;
            $out .= '<pre>' . escape(join("\n", map { s/^ {4}//r } @code) =~ s/\s+\z//r) . "</pre>\n";
        }
        else { push @words, $line =~ s/^\s+//r }
    }
    $flush->();
    return $out;
}

sub page {
    my ($title, $body) = @_;
    return qq{<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>} . escape($title)
        . qq{</title><style>$style</style></head>\n<body>\n$body</body></html>\n};
}

sub call {
    my ($call, $places) = @_;
    my $out = join('', map { qq{<a id="$_"></a>} } @{ $call->{names} }) . '<h2>' . join(', ', @{ $call->{names} }) . "</h2>\n";
    $out .= '<pre>' . escape($call->{code}) . "</pre>\n" . text($call->{description}, $places);
    if ($call->{is_call}) {
        $out .= "<h4>Return value</h4>\n" . text($call->{returns}, $places);
        $out .= "<h4>Errors</h4>\n" . text($call->{errors}, $places) if $call->{errors};
        $out .= "<h4>Who may call</h4>\n" . text($call->{callers}, $places) if $call->{callers};
    }
    $out .= "<h4>In Python and MPI</h4>\n" . text($call->{mirrors}, $places) if $call->{mirrors};
    return $out;
}

# All files, by name.
sub files {
    my ($concepts, $calls, $command, $version) = @_;
    my %places = map { my $c = $_; map { $_ => "$c->{group}.html#$_" } @{ $c->{names} } } @$calls;
    my %files;
    for my $concept (@$concepts) {
        my $out = qq{<p><a href="index.html">Multirank $version</a></p><h1>$concept->{name}</h1>\n}
            . '<pre>#include &lt;' . $concept->{header} . "&gt;</pre>\n" . text($concept->{description}, \%places);
        for my $part (@{ $concept->{parts} }) {
            $out .= '<h2>' . escape(ucfirst lc $part->{title}) . "</h2>\n" . text($part->{text}, \%places);
            $out .= call($_, \%places) for @{ $part->{calls} };
        }
        my $statuses = join '', map { "<dt><code>$_->[0]</code></dt><dd>" . escape($_->[1]) . "</dd>\n" } @{ $concept->{statuses} };
        $out .= "<h2>Statuses</h2>\n<dl>$statuses</dl>\n" if $statuses;
        $files{"$concept->{name}.html"} = page($concept->{name}, $out);
    }
    my $index = "<h1>Multirank $version</h1>\n<dl>"
        . join('', map { qq{<dt><a href="$_->{name}.html">$_->{name}</a></dt><dd>} . escape($_->{summary}) . "</dd>\n" } @$concepts)
        . "</dl>\n<h2>All calls, types and macros</h2>\n<p>"
        . join(' ', map { qq{<a href="$places{$_}"><code>$_</code></a>} } sort keys %places) . "</p>\n";
    $index .= "<h2>The command multirank</h2>\n<dl>"
        . join('', map { '<dt><code>multirank ' . escape($_->[0]) . '</code></dt><dd>' . escape($_->[1]) . "</dd>\n" }
            @{ $command->{commands} }) . "</dl>\n" if $command;
    $files{'index.html'} = page("Multirank $version", $index);
    return %files;
}

1;
