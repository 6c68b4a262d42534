#!/usr/bin/perl
# Crypt::JWT behind the adapter protocol: one question a line on standard input, one reply a line on standard output.
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt);
use JSON;
use MIME::Base64 qw(decode_base64 encode_base64);

my @algorithms = qw(RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA HS256 HS384 HS512);
my $trust;

# What decode_jwt is told for every token.
sub options {
    return (token => $_[0], kid_keys => $trust->{keys}, accepted_alg => $trust->{algorithms});
}

sub names_us {
    my $audience = shift;
    return scalar grep { defined && !ref && $_ eq $trust->{audience} } ref $audience eq 'ARRAY' ? @$audience : $audience;
}

sub validate {
    my $claims = decode_jwt(
        options($_[0]),
        decode_payload => 1,
        verify_iss => $trust->{issuer},
        verify_aud => \&names_us,
        leeway => $trust->{leeway},
    );
    return { verdict => 'accept', claims => $claims };
}

sub verify_jws {
    my $payload = decode_jwt(options($_[0]), decode_payload => 0);
    return { verdict => 'accept', 'payload-base64' => encode_base64($payload, '') };
}

sub judged {
    my ($verify, $ask) = @_;
    my $token = defined $ask->{token} ? $ask->{token} : decode_base64($ask->{'token-base64'});
    my $reply = eval { $verify->($token) };
    return $reply if $reply;
    my $error = $@;
    chomp $error;
    # Crypt::JWT croaks with JWT, JWS or JWE in front, or with the JSON decoder's own text where the payload is none.
    return { verdict => 'reject', reason => $error } if $error =~ /^JW[TSE]: / || $error =~ /JSON|UTF-8/;
    return { error => { message => $error } };
}

sub answer {
    my $ask = shift;
    my $do = $ask->{do};
    if ($do eq 'hello') {
        my @provides = ('claims:returned', map { "alg:$_" } @algorithms);
        return { ok => { name => 'crypt-jwt', version => "$Crypt::JWT::VERSION", language => 'perl', provides => \@provides } };
    }
    if ($do eq 'configure') {
        $trust = $ask;
        return { ok => {} };
    }
    return judged(\&validate, $ask) if $do eq 'validate';
    return judged(\&verify_jws, $ask) if $do eq 'verify-jws';
    return { skipped => "no call for $do" };
}

$| = 1;
my $json = JSON->new->utf8->allow_nonref;
while (my $line = <STDIN>) {
    my $ask = $json->decode($line);
    last if $ask->{do} eq 'bye';
    my %reply = (seq => $ask->{seq}, %{ answer($ask) });
    my $text = $json->encode(\%reply);
    # JSON has no text for what Perl reads 1e400 as: such claims are left out.
    if (!eval { $json->decode($text) }) {
        delete $reply{claims};
        $text = $json->encode(\%reply);
    }
    print "$text\n";
}
