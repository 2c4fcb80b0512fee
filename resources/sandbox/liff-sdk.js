window.liff={}
