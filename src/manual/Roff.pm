# Manual pages, in the macros of man(7).
package Roff;
use strict;
use warnings;

sub escape {
    my ($text) = @_;
    $text =~ s/\\/\\e/g;
    $text =~ s/(?<![A-Za-z])-(?=\S)/\\-/g;
    $text =~ s/\^/\\(ha/g;
    $text =~ s/~/\\(ti/g;
    $text =~ s/`([^`]*)`/\\fB$1\\fR/g;
    $text =~ s/'/\\(aq/g;
    $text =~ s/"/\\(dq/g;
    return $text;
}

sub words { # running text, with the names in it in bold
    my ($text) = @_;
    $text = escape($text =~ s/\s+/ /gr);
    $text =~ s/(?<![\w\\])((?:mr|MR)_\w+)/\\fB$1\\fR/g;
    $text =~ s/([.;:]) (?=\S)/$1\n/g;
    return $text =~ s/^([.'])/\\&$1/gmr;
}

sub code {
    my ($text) = @_;
    $text =~ s/\\/\\e/g;
    $text =~ s/-/\\-/g;
    $text =~ s/\^/\\(ha/g;
    $text =~ s/~/\\(ti/g;
    $text =~ s/`/\\(ga/g;
    $text =~ s/'/\\(aq/g;
    return $text =~ s/^([.'])/\\&$1/gmr;
}

# A comment's paragraphs, lists ("- ") and programs (further to the right).
sub text {
    my ($text) = @_;
    my ($out, @words) = ('');
    my $flush = sub { $out .= words("@words") . "\n" if @words; @words = () };
    my @lines = split /\n/, $text;
    while (@lines) {
        my $line = shift @lines;
        if ($line =~ /^\s*$/) { $flush->(); $out .= ".PP\n" if $out =~ /\S/ && $out !~ /\.PP\n\z/ }
        elsif ($line =~ /^- (.*)/) { $flush->(); $out =~ s/\.PP\n\z//; $out .= ".IP \\(bu 3\n"; @words = ($1) }
        elsif ($line =~ /^ {4}/) {
            $flush->();
            my @code = ($line);
            push @code, shift @lines while @lines && $lines[0] =~ /^ {4}|^\s*$/;
            pop @code while $code[-1] =~ /^\s*$/;
            $out =~ s/\.PP\n\z//;
            $out .= ".PP\n.RS 4\n.nf\n" . code(join "\n", map { s/^ {4}//r } @code) . "\n.fi\n.RE\n.PP\n";
        }
        else { push @words, $line =~ s/^\s+//r }
    }
    $flush->();
    $out =~ s/(\.PP\n)+\z//;
    return $out;
}

sub section {
    my ($title, $text) = @_;
    return $text eq '' ? '' : ".SH $title\n$text";
}

sub see {
    my ($page) = @_;
    my @see = sort { ($a =~ /\((\d)/)[0] <=> ($b =~ /\((\d)/)[0] || $a cmp $b } @{ $page->{see} };
    my @lines = map { /^(.*)(\(\d\))$/ ? ".BR $1 $2" : () } @see;
    return join(" ,\n", @lines) . "\n";
}

sub head {
    my ($page, $version, $date, $names) = @_;
    return qq{.TH "$page->{name}" "$page->{section}" "$date" "Multirank $version" "Multirank"\n}
        . section('NAME', join(', ', @$names) . ' \\- ' . escape($page->{summary}) . "\n");
}

sub call {
    my ($page, $version, $date) = @_;
    my $out = head($page, $version, $date, $page->{names});
    $out .= section('SYNOPSIS', ".nf\n.B #include <$page->{header}>\n.PP\n" . code($page->{code}) . "\n.fi\n");
    $out .= section('DESCRIPTION', text($page->{description}));
    if ($page->{is_call}) {
        $out .= section('RETURN VALUE', text($page->{returns}));
        my $errors = text($page->{errors} || 'None of its own.');
        $errors .= ".TP\n.B $_->[0]\n" . words(ucfirst $_->[1]) . ".\n" for @{ $page->{codes} };
        $errors .= ".PP\nWhat is common to all calls of this part is told in\n.BR $page->{group} (7).\n";
        $out .= section('ERRORS', $errors);
        my $callers = $page->{callers} ? text($page->{callers}) : '';
        $out .= section('WHO MAY CALL', $callers
            || "Nothing is said of this call alone: see\n.BR $page->{group} (7).\n");
    }
    $out .= section('IN PYTHON AND MPI', text($page->{mirrors}));
    return $out . section('SEE ALSO', see({ see => [ @{ $page->{see} }, "$page->{group}(7)" ] }));
}

sub concept {
    my ($page, $version, $date) = @_;
    my $out = head($page, $version, $date, [ $page->{name} ]);
    $out .= section('SYNOPSIS', ".B #include <$page->{header}>\n");
    $out .= section('DESCRIPTION', text($page->{description}));
    for my $part (@{ $page->{parts} }) {
        my $text = text($part->{text});
        $text .= ".TP\n.BR $_->{name} (3)\n" . words(ucfirst $_->{summary}) . ".\n" for @{ $part->{calls} };
        $out .= section(qq{"} . escape($part->{title}) . qq{"}, $text);
    }
    $out .= section('STATUSES', join '', map { ".TP\n.B $_->[0]\n" . words(ucfirst $_->[1]) . ".\n" } @{ $page->{statuses} });
    return $out . section('SEE ALSO', see($page));
}

sub command {
    my ($page, $version, $date) = @_;
    my $out = head($page, $version, $date, ['multirank']);
    $out .= section('SYNOPSIS', ".nf\n" . join('', map { ".B multirank " . code($_->[0]) . "\n" } @{ $page->{commands} }) . ".fi\n");
    $out .= section('COMMANDS', join '', map { ".TP\n.B multirank " . code($_->[0]) . "\n" . words(ucfirst $_->[1]) . ".\n" }
        @{ $page->{commands} });
    $out .= section('"EXIT STATUS"', "0 if all is well, 2 if there is no such command, and another number if the command has failed.\n");
    return $out . section('SEE ALSO', see($page));
}

1;
